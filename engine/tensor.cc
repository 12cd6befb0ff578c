#include "engine/tensor.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "engine/allocator.h"
#include "engine/check.h"

namespace ctr {

struct Tensor::Storage {
  Storage(std::shared_ptr<Allocator> source, size_t size)
      : allocator(std::move(source)), bytes(size), block(allocator->allocate(size)) {
    if (PoisonScope::active()) std::memset(block, 0xFF, bytes);
  }
  ~Storage() { allocator->release(block, bytes); }
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;

  std::shared_ptr<Allocator> allocator;
  size_t bytes;
  void* block;
};

Tensor::Tensor(const Shape& shape, DType dtype, Device device)
    : shape_(shape), count_(shape.count()), dtype_(dtype), device_(device) {
  if (device != Device::cpu) {
    fail(ErrorKind::device, "tensor: this build has no memory on device {}; use cpu",
         name_of(device));
  }
  storage_ = std::make_shared<Storage>(current_allocator(), static_cast<size_t>(bytes()));
}

Tensor Tensor::zeros(const Shape& shape, DType dtype, Device device) {
  Tensor result(shape, dtype, device);
  std::memset(result.raw(), 0, static_cast<size_t>(result.bytes()));
  return result;
}

Tensor Tensor::full(const Shape& shape, DType dtype, double value) {
  Tensor result(shape, dtype);
  visit_float(dtype, "tensor", [&](auto zero) {
    using T = decltype(zero);
    std::fill_n(result.data<T>(), result.count(), static_cast<T>(value));
  });
  return result;
}

template <class T>
Tensor Tensor::from(const Shape& shape, std::span<const T> values) {
  CTR_CHECK(shape.count() == static_cast<int64_t>(values.size()),
            "tensor: {} needs {} values, got {}", shape, shape.count(), values.size());
  Tensor result(shape, dtype_of<T>());
  std::copy(values.begin(), values.end(), result.data<T>());
  return result;
}

template Tensor Tensor::from<float>(const Shape&, std::span<const float>);
template Tensor Tensor::from<double>(const Shape&, std::span<const double>);
template Tensor Tensor::from<int32_t>(const Shape&, std::span<const int32_t>);
template Tensor Tensor::from<int64_t>(const Shape&, std::span<const int64_t>);
template Tensor Tensor::from<uint8_t>(const Shape&, std::span<const uint8_t>);

const void* Tensor::raw() const {
  CTR_CHECK(defined(), "tensor: an undefined tensor has no elements");
  return static_cast<const char*>(storage_->block) + offset_;
}

void* Tensor::raw() { return const_cast<void*>(std::as_const(*this).raw()); }

Tensor Tensor::reshaped(const Shape& shape) const {
  CTR_CHECK(shape.count() == count_, "reshape: {} has {} elements, {} needs {}", shape_, count_,
            shape, shape.count());
  Tensor result = *this;
  result.shape_ = shape;
  return result;
}

Tensor Tensor::rows(int64_t begin, int64_t end) const {
  CTR_CHECK(rank() > 0 && 0 <= begin && begin <= end && end <= dim(0),
            "rows: [{}, {}) is outside {}", begin, end, shape_);
  Tensor result = *this;
  result.shape_ = shape_.with_rows(end - begin);
  result.count_ = result.shape_.count();
  result.offset_ += begin * shape_.count(1, rank()) * static_cast<int64_t>(size_of(dtype_));
  return result;
}

Tensor Tensor::clone() const {
  Tensor result(shape_, dtype_, device_);
  std::memcpy(result.raw(), raw(), static_cast<size_t>(bytes()));
  return result;
}

Tensor Tensor::cast(DType dtype) const {
  if (dtype == dtype_) return clone();
  Tensor result(shape_, dtype, device_);
  visit_float(dtype, "cast", [&](auto to) {
    using To = decltype(to);
    auto convert = [&](auto from) {
      const auto* source = data<decltype(from)>();
      std::transform(source, source + count_, result.data<To>(),
                     [](auto value) { return static_cast<To>(value); });
    };
    switch (dtype_) {
      case DType::f32:
        return convert(float{});
      case DType::f64:
        return convert(double{});
      case DType::i32:
        return convert(int32_t{});
      case DType::i64:
        return convert(int64_t{});
      case DType::u8:
        return convert(uint8_t{});
    }
  });
  return result;
}

void Tensor::check_type(DType wanted) const {
  CTR_CHECK(wanted == dtype_, "tensor: elements are {}, asked for {}", dtype_, wanted);
}

void check_floating(DType dtype, const char* where) {
  CTR_CHECK(is_floating(dtype), "{}: elements must be f32 or f64, got {}", where, dtype);
}

}  // namespace ctr
