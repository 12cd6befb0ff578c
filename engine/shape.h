#pragma once
// Shape: the sizes of a row-major tensor of rank 0 to 4.

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>

namespace ctr {

class Shape {
 public:
  static constexpr int kMaxRank = 4;

  Shape() = default;  // rank 0: one element
  Shape(std::initializer_list<int64_t> dims)
      : Shape(std::span<const int64_t>(dims.begin(), dims.size())) {}
  explicit Shape(std::span<const int64_t> dims);

  int rank() const { return rank_; }
  // Size along `axis`; a negative axis counts from the end.
  int64_t operator[](int axis) const;
  int64_t count() const;
  // Product of the sizes of axes [begin, end).
  int64_t count(int begin, int end) const;
  // The shape with axis 0 replaced.
  Shape with_rows(int64_t rows) const;
  std::string text() const;  // "[32,390]"

  bool operator==(const Shape& other) const = default;

 private:
  int64_t dims_[kMaxRank] = {0, 0, 0, 0};
  int rank_ = 0;
};

}  // namespace ctr
