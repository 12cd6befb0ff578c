#include "engine/shape.h"

#include "engine/check.h"

namespace ctr {

Shape::Shape(std::span<const int64_t> dims) {
  CTR_CHECK(dims.size() <= kMaxRank, "shape: at most {} axes are supported, got {}", kMaxRank,
            dims.size());
  for (int64_t dim : dims) {
    CTR_CHECK(dim >= 0, "shape: sizes must not be negative, got {} on axis {}", dim, rank_);
    dims_[rank_++] = dim;
  }
}

int64_t Shape::operator[](int axis) const {
  int index = axis < 0 ? axis + rank_ : axis;
  CTR_CHECK(index >= 0 && index < rank_, "shape: {} has no axis {}", text(), axis);
  return dims_[index];
}

int64_t Shape::count() const { return count(0, rank_); }

int64_t Shape::count(int begin, int end) const {
  int64_t product = 1;
  for (int axis = begin; axis < end; ++axis) {
    CTR_CHECK(!__builtin_mul_overflow(product, dims_[axis], &product),
              "shape: {} has more than 2^63 elements", text());
  }
  return product;
}

Shape Shape::with_rows(int64_t rows) const {
  CTR_CHECK(rank_ > 0, "shape: a scalar has no rows to replace");
  Shape result = *this;
  result.dims_[0] = rows;
  return result;
}

std::string Shape::text() const {
  std::string result = "[";
  for (int axis = 0; axis < rank_; ++axis) {
    if (axis > 0) result += ',';
    result += std::to_string(dims_[axis]);
  }
  return result + "]";
}

}  // namespace ctr
