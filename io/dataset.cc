#include "io/dataset.h"

#include <numeric>
#include <utility>

#include "engine/check.h"

namespace ctr {
namespace {

template <class T>
Tensor picked(const Tensor& column, const std::vector<int64_t>& order, int64_t begin, int64_t end) {
  Tensor result({end - begin}, column.dtype());
  const T* source = column.data<T>();
  T* target = result.data<T>();
  for (int64_t i = begin; i < end; ++i) target[i - begin] = source[order[static_cast<size_t>(i)]];
  return result;
}

}  // namespace

Batch make_batch(const Columns& columns, const std::vector<int64_t>& order, int64_t begin,
                 int64_t end) {
  CTR_ASSERT(0 <= begin && begin <= end && end <= static_cast<int64_t>(order.size()));
  Batch batch;
  batch.rows = end - begin;
  for (const Tensor& ids : columns.ids)
    batch.fields.push_back({picked<int64_t>(ids, order, begin, end), {}, {}});
  batch.label = picked<float>(columns.label, order, begin, end);
  batch.domain = picked<int64_t>(columns.domain, order, begin, end);
  return batch;
}

std::vector<int64_t> in_order(int64_t rows) {
  std::vector<int64_t> order(static_cast<size_t>(rows));
  std::iota(order.begin(), order.end(), int64_t{0});
  return order;
}

std::vector<int64_t> shuffled(int64_t rows, uint64_t seed, uint32_t epoch) {
  std::vector<int64_t> order = in_order(rows);
  const RandomStream random{seed, 0x5AFFull, epoch};
  for (size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random.below(i, i)]);
  return order;
}

}  // namespace ctr
