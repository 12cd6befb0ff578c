#include "models/item_ranking.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <span>
#include <vector>

#include "engine/parallel.h"
#include "engine/rng.h"
#include "engine/step_vector.h"
#include "ops/gather/gather.h"
#include "ops/linear/linear.h"

namespace ctr {
namespace {

constexpr uint64_t kDraws = 0xDA5;

// What is asked of a row's scores.
struct Asked {
  const int64_t* item;
  int64_t first_item, items;
  const RankRule& rule;
};

// Of row `row` with its scores z [V].
template <class T>
int64_t place_of(const T* z, int64_t row, const Asked& asked) {
  const int64_t own = asked.item[row], first = asked.first_item;
  if (own < first) return asked.items;
  int64_t place = 0;
  if (asked.rule.samples == 0) {
    for (int64_t v = first; v < asked.items; ++v) place += v != own && z[v] >= z[own] ? 1 : 0;
    return place;
  }
  const RandomStream random{asked.rule.seed, kDraws, 0};
  const auto number = static_cast<uint64_t>(asked.rule.first_row + row);
  const auto samples = static_cast<uint64_t>(asked.rule.samples);
  for (uint64_t s = 0; s < samples; ++s) {
    const auto others = static_cast<uint64_t>(asked.items - first - 1);
    int64_t v = first + static_cast<int64_t>(random.below(others, number * samples + s));
    v += v >= own ? 1 : 0;
    place += z[v] >= z[own] ? 1 : 0;
  }
  return place;
}

template <class T>
double log_probability_of(const T* z, int64_t row, const Asked& asked) {
  const int64_t own = asked.item[row];
  if (own < asked.first_item || asked.rule.samples > 0)
    return std::numeric_limits<double>::quiet_NaN();
  const double most = *std::max_element(z + asked.first_item, z + asked.items);
  double sum = 0;
  for (int64_t v = asked.first_item; v < asked.items; ++v) sum += std::exp(z[v] - most);
  return z[own] - most - std::log(sum);
}

// Calls f(row, z) with the scores z [V] of each of the rows, on all threads.
template <class F>
void for_each_scored(const ItemVectors& vectors, std::span<const int64_t> rows, const F& f) {
  constexpr int64_t kRows = 64;  // scored against all items at once
  const NoGradient off;
  const int64_t items = vectors.table.dim(0);
  for (size_t begin = 0; begin < rows.size(); begin += kRows) {
    const auto some = rows.subspan(begin, std::min<size_t>(kRows, rows.size() - begin));
    const auto count = static_cast<int64_t>(some.size());
    const Var user = gather(Var(vectors.user), Tensor::from<int64_t>({count}, some));
    const Tensor z = linear(user, Var(vectors.table), Var(vectors.bias)).value();  // [count, V]
    visit_float(z.dtype(), "item scores", [&](auto zero) {
      const auto* scores = z.data<decltype(zero)>();
      parallel_rows(count, items, [&](int64_t first, int64_t end) {
        for (int64_t i = first; i < end; ++i) f(some[static_cast<size_t>(i)], scores + i * items);
      });
    });
  }
}

}  // namespace

ItemPlaces places_of(const ItemVectors& vectors, const Batch& batch, const RankRule& rule) {
  const Tensor label = batch.label.cast(DType::f64);
  ItemPlaces result{Tensor({batch.rows}, DType::i64), Tensor({batch.rows}, DType::f64)};
  StepVector<int64_t> clicks;
  for (int64_t b = 0; b < batch.rows; ++b) {
    result.place.data<int64_t>()[b] = -1;
    result.log_probability.data<double>()[b] = std::numeric_limits<double>::quiet_NaN();
    if (label.data<double>()[b] > 0.5) clicks.push_back(b);
  }
  const Tensor& item = batch.fields[static_cast<size_t>(vectors.field)].ids;
  const Asked asked{item.data<int64_t>(), vectors.first_item, vectors.table.dim(0), rule};
  for_each_scored(vectors, clicks, [&](int64_t row, const auto* z) {
    result.place.data<int64_t>()[row] = place_of(z, row, asked);
    result.log_probability.data<double>()[row] = log_probability_of(z, row, asked);
  });
  return result;
}

TopItems top_items(const ItemVectors& vectors, int64_t n) {
  const int64_t rows = vectors.user.dim(0), items = vectors.table.dim(0);
  const int64_t kept = std::min(n, items - vectors.first_item);
  TopItems result{Tensor({rows, kept}, DType::i64), Tensor({rows, kept}, DType::f64)};
  StepVector<int64_t> all(static_cast<size_t>(rows));
  std::iota(all.begin(), all.end(), 0);
  for_each_scored(vectors, all, [&](int64_t row, const auto* z) {
    std::vector<int64_t> order(static_cast<size_t>(items - vectors.first_item));
    std::iota(order.begin(), order.end(), vectors.first_item);
    std::partial_sort(order.begin(), order.begin() + kept, order.end(),
                      [&](int64_t a, int64_t b) { return z[a] != z[b] ? z[a] > z[b] : a < b; });
    for (int64_t i = 0; i < kept; ++i) {
      const int64_t v = order[static_cast<size_t>(i)];
      result.id.data<int64_t>()[row * kept + i] = v;
      result.score.data<double>()[row * kept + i] = z[v];
    }
  });
  return result;
}

}  // namespace ctr
