#pragma once
// Launchers: run one body over a range on the device where the data is.
//
//   for_each(device, n, body)               body(i)                for 0 ≤ i < n
//   for_each_2d(device, rows, cols, body)   body(row, col)         for every pair
//   reduce_rows(device, rows, cols, body)   body.store(row, combine of body.load(row, 0 … cols-1))
//   reduce_cols(device, rows, cols, body)   body.store(col, combine of body.load(0 … rows-1, col))
//
// Reductions start from body.identity() and follow a tree that depends on the sizes alone. A
// reduction body holds `using Value = …`, `Value identity() const`, `Value load(int64_t row,
// int64_t col) const`, `Value combine(Value, Value) const` and `void store(int64_t index, Value)
// const`.

#include <cstdint>

#include "engine/device.h"
#include "engine/kernel.h"
#include "engine/launch_cpu.h"

namespace ctr {

// Defined by the generated kernel files: as kernels with CUDA, as an error without.
namespace cuda {
template <class Body>
void for_each(int64_t n, const Body& body);
template <class Body>
void for_each_2d(int64_t rows, int64_t cols, const Body& body);
template <class Body>
void reduce_rows(int64_t rows, int64_t cols, const Body& body);
template <class Body>
void reduce_cols(int64_t rows, int64_t cols, const Body& body);
}  // namespace cuda

template <class Body>
void for_each(Device device, int64_t n, const Body& body) {
  device == Device::cuda ? cuda::for_each(n, body) : cpu::for_each(n, body);
}
template <class Body>
void for_each_2d(Device device, int64_t rows, int64_t cols, const Body& body) {
  device == Device::cuda ? cuda::for_each_2d(rows, cols, body) : cpu::for_each_2d(rows, cols, body);
}
template <class Body>
void reduce_rows(Device device, int64_t rows, int64_t cols, const Body& body) {
  device == Device::cuda ? cuda::reduce_rows(rows, cols, body) : cpu::reduce_rows(rows, cols, body);
}
template <class Body>
void reduce_cols(Device device, int64_t rows, int64_t cols, const Body& body) {
  device == Device::cuda ? cuda::reduce_cols(rows, cols, body) : cpu::reduce_cols(rows, cols, body);
}

}  // namespace ctr
