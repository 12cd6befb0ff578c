#pragma once

#include <algorithm>
#include <vector>

namespace ctr {

// Of at least one value; the upper of two in the middle.
inline double median(std::vector<double> values) {
  const auto middle = values.begin() + std::ssize(values) / 2;
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace ctr
