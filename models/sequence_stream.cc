#include "models/sequence_stream.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "engine/check.h"
#include "ops/gather/gather.h"
#include "ops/linear/linear.h"
#include "ops/shaping/shaping.h"

namespace ctr {
namespace {

// The best of one row of scores, id 0 not among them.
template <class T>
void rank(const T* scores, std::vector<int64_t>& order, int64_t n, int64_t* items, T* best) {
  std::iota(order.begin(), order.end(), 1);
  std::partial_sort(order.begin(), order.begin() + n, order.end(), [&](int64_t a, int64_t b) {
    return scores[a] > scores[b] || (scores[a] == scores[b] && a < b);
  });
  std::copy_n(order.begin(), n, items);
  for (int64_t i = 0; i < n; ++i) best[i] = scores[items[i]];
}

}  // namespace

Tensor SequenceStream::scores(std::span<const int64_t> users, std::span<const int64_t> candidates) {
  const NoGradient off;
  const auto count = static_cast<int64_t>(candidates.size());
  const Tensor ids = Tensor::from<int64_t>({count}, candidates);
  const Var weight = gather(*scores_.weight, ids);  // [C, D]
  const Var bias = scores_.bias == nullptr ? Var() : reshape(gather(*scores_.bias, ids), {count});
  return linear(Var(vectors(users)), weight, bias).value();
}

RankedItems SequenceStream::top(std::span<const int64_t> users, int64_t n) {
  constexpr int64_t kRows = 64;  // scored against all items at once
  const NoGradient off;
  const int64_t items = scores_.weight->value.dim(0);
  const auto count = static_cast<int64_t>(users.size());
  CTR_CHECK(n >= 1 && n < items, "stream: the {} best of {} items; ask for 1 to {}", n, items - 1,
            items - 1);
  const Tensor f = vectors(users);
  RankedItems result{Tensor({count, n}, DType::i64), Tensor({count, n}, f.dtype())};
  const Var bias = scores_.bias == nullptr ? Var() : Var(*scores_.bias);
  std::vector<int64_t> order(static_cast<size_t>(items - 1));
  for (int64_t begin = 0; begin < count; begin += kRows) {
    const int64_t end = std::min(count, begin + kRows);
    const Tensor z = linear(Var(f.rows(begin, end)), Var(*scores_.weight), bias).value();
    visit_float(z.dtype(), "stream", [&](auto zero) {
      using T = decltype(zero);
      for (int64_t row = begin; row < end; ++row)
        rank(z.data<T>() + (row - begin) * items, order, n, result.items.data<int64_t>() + row * n,
             result.scores.data<T>() + row * n);
    });
  }
  return result;
}

}  // namespace ctr
