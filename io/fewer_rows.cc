#include "io/fewer_rows.h"

#include <algorithm>
#include <numeric>

#include "engine/rng.h"

namespace ctr {

// The first steps of a Fisher-Yates shuffle.
Dataset fewer_rows(const Dataset& data, int64_t rows, uint64_t seed) {
  Dataset result = data;
  const int64_t all = data.rows(Split::train);
  if (rows <= 0 || rows >= all) return result;
  const RandomStream random{seed, stream_of("rows/train"), 0};
  std::vector<uint32_t> drawn(static_cast<size_t>(all));
  if (const auto& some = data.chosen[static_cast<size_t>(Split::train)])
    drawn = *some;
  else
    std::iota(drawn.begin(), drawn.end(), 0u);
  for (int64_t i = 0; i < rows; ++i) {
    const auto left = static_cast<uint64_t>(all - i);
    const int64_t j = i + static_cast<int64_t>(random.below(left, static_cast<uint64_t>(i)));
    std::swap(drawn[static_cast<size_t>(i)], drawn[static_cast<size_t>(j)]);
  }
  drawn.resize(static_cast<size_t>(rows));
  std::sort(drawn.begin(), drawn.end());
  result.chosen[static_cast<size_t>(Split::train)] =
      std::make_shared<const std::vector<uint32_t>>(std::move(drawn));
  return result;
}

}  // namespace ctr
