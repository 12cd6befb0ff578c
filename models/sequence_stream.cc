#include "models/sequence_stream.h"

#include "engine/check.h"
#include "ops/gather/gather.h"
#include "ops/linear/linear.h"
#include "ops/shaping/shaping.h"

namespace ctr {

Tensor SequenceStream::scores(std::span<const int64_t> users, std::span<const int64_t> candidates) {
  const NoGradient off;
  const auto count = static_cast<int64_t>(candidates.size());
  const Tensor ids = Tensor::from<int64_t>({count}, candidates);
  const Var weight = gather(*scores_.weight, ids);  // [C, D]
  const Var bias = scores_.bias == nullptr ? Var() : reshape(gather(*scores_.bias, ids), {count});
  return linear(Var(vectors(users)), weight, bias).value();
}

TopItems SequenceStream::top(std::span<const int64_t> users, int64_t n) {
  const int64_t items = scores_.weight->value.dim(0) - scores_.first_item;
  CTR_CHECK(n >= 1 && n <= items, "stream: the {} best of {} items; ask for 1 to {}", n, items,
            items);
  return top_items(
      {vectors(users), scores_.weight->value,
       scores_.bias == nullptr ? Tensor() : scores_.bias->value, -1, scores_.first_item},
      n);
}

}  // namespace ctr
