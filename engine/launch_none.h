#pragma once
// The device side of the launchers in a build without CUDA: an error that says so. Included by
// generated files only.

#include "engine/error.h"
#include "engine/launch.h"

namespace ctr::cuda {

[[noreturn]] inline void refuse(const char* name) {
  throw Error(std::string(name) +
                  ": this build has no CUDA kernels; use device cpu, or build with CTR_CUDA=ON",
              ErrorKind::device);
}

template <class Body>
void for_each(int64_t, const Body&) {
  refuse(Body::kName);
}
template <class Body>
void for_each_2d(int64_t, int64_t, const Body&) {
  refuse(Body::kName);
}
template <class Body>
void reduce_rows(int64_t, int64_t, const Body&) {
  refuse(Body::kName);
}
template <class Body>
void reduce_cols(int64_t, int64_t, const Body&) {
  refuse(Body::kName);
}

}  // namespace ctr::cuda

#define CTR_KERNEL_for_each(body)                                         \
  template void cuda::for_each<body<float>>(int64_t, const body<float>&); \
  template void cuda::for_each<body<double>>(int64_t, const body<double>&);
#define CTR_KERNEL_2(launcher, body)                                               \
  template void cuda::launcher<body<float>>(int64_t, int64_t, const body<float>&); \
  template void cuda::launcher<body<double>>(int64_t, int64_t, const body<double>&);
#define CTR_KERNEL_for_each_2d(body) CTR_KERNEL_2(for_each_2d, body)
#define CTR_KERNEL_reduce_rows(body) CTR_KERNEL_2(reduce_rows, body)
#define CTR_KERNEL_reduce_cols(body) CTR_KERNEL_2(reduce_cols, body)
#undef CTR_KERNEL
#define CTR_KERNEL(launcher, body) CTR_KERNEL_##launcher(body) static_assert(true)
