#include "io/prepare/split_rule.h"

#include <cmath>
#include <numeric>
#include <utility>

namespace ctr {
namespace {

// ⌈share · n⌉; a product that is whole but for rounding (0.4 · 5) is not moved up.
int64_t ceiling(double share, int64_t n) {
  return static_cast<int64_t>(std::ceil(share * static_cast<double>(n) - 1e-9));
}

}  // namespace

SplitSizes split_sizes(int64_t n, const SplitShares& shares) {
  if (n <= 1) return {n, 0, 0};
  const double sum = shares.train + shares.valid + shares.test;
  const int64_t held = ceiling(1 - shares.train / sum, n);
  const double rest = shares.valid + shares.test;
  if (held == 0 || rest <= 0) return {n, 0, 0};
  const int64_t test = held > 1 ? ceiling(shares.test / rest, held) : held;
  return {n - held, held - test, test};
}

std::vector<Split> split_rows(int64_t n, const SplitShares& shares, const RandomStream& random) {
  std::vector<int64_t> order(static_cast<size_t>(n));
  std::iota(order.begin(), order.end(), int64_t{0});
  for (size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random.below(i, i)]);
  const SplitSizes sizes = split_sizes(n, shares);
  std::vector<Split> splits(order.size(), Split::train);
  for (int64_t i = sizes.train; i < n; ++i) {
    splits[static_cast<size_t>(order[static_cast<size_t>(i)])] =
        i < sizes.train + sizes.valid ? Split::valid : Split::test;
  }
  return splits;
}

}  // namespace ctr
