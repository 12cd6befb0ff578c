#pragma once
// Tensor: a contiguous, row-major block of up to four axes with shared storage. It has no strides
// and no mathematics, so every kernel stays a plain loop nest over `data<T>()`.

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "engine/device.h"
#include "engine/dtype.h"
#include "engine/shape.h"

namespace ctr {

class Tensor {
 public:
  Tensor() = default;  // undefined: holds nothing

  // Uninitialised elements from the thread's current allocator.
  Tensor(const Shape& shape, DType dtype, Device device = Device::cpu);

  static Tensor zeros(const Shape& shape, DType dtype, Device device = Device::cpu);
  static Tensor full(const Shape& shape, DType dtype, double value);
  // Copies `values` (their count must be the shape's).
  template <class T>
  static Tensor from(const Shape& shape, std::span<const T> values);
  template <class T>
  static Tensor from(const Shape& shape, const std::vector<T>& values) {
    return from<T>(shape, std::span<const T>(values));
  }

  bool defined() const { return storage_ != nullptr; }
  const Shape& shape() const { return shape_; }
  int64_t dim(int axis) const { return shape_[axis]; }
  int rank() const { return shape_.rank(); }
  int64_t count() const { return count_; }
  DType dtype() const { return dtype_; }
  Device device() const { return device_; }
  int64_t bytes() const { return count_ * static_cast<int64_t>(size_of(dtype_)); }

  // The elements; throws when T is not the tensor's type. Copies share them: constness is that of
  // the handle.
  template <class T>
  const T* data() const {
    check_type(dtype_of<T>());
    return static_cast<const T*>(raw());
  }
  template <class T>
  T* data() {
    check_type(dtype_of<T>());
    return static_cast<T*>(raw());
  }
  template <class T>
  std::span<const T> span() const {
    return {data<T>(), static_cast<size_t>(count_)};
  }
  const void* raw() const;
  void* raw();

  // The same elements under another shape of the same count; no copy.
  Tensor reshaped(const Shape& shape) const;
  // Rows [begin, end) of axis 0 as a view; no copy.
  Tensor rows(int64_t begin, int64_t end) const;
  Tensor clone() const;
  // A copy converted element by element, to f32 or f64 (or to the type it has).
  Tensor cast(DType dtype) const;

  // True when no other tensor shares the elements: only then may they be overwritten in place.
  bool unique() const { return storage_.use_count() == 1; }
  bool shares_storage(const Tensor& other) const { return storage_ == other.storage_; }

 private:
  struct Storage;
  void check_type(DType wanted) const;

  std::shared_ptr<Storage> storage_;
  Shape shape_;
  int64_t count_ = 0;
  int64_t offset_ = 0;  // bytes from the start of the storage
  DType dtype_ = DType::f32;
  Device device_ = Device::cpu;
};

// Calls `f` with a value-initialised float or double: `visit_float(x.dtype(), [&](auto zero) {
// using T = decltype(zero); … })`.
void check_floating(DType dtype, const char* where);
template <class F>
decltype(auto) visit_float(DType dtype, const char* where, F&& f) {
  check_floating(dtype, where);
  return dtype == DType::f64 ? f(double{}) : f(float{});
}

}  // namespace ctr
