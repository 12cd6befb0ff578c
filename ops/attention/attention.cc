#include "ops/attention/attention.h"

#include <cmath>

#include "engine/check.h"
#include "ops/elementwise/elementwise.h"
#include "ops/linear/linear.h"
#include "ops/registry.h"
#include "ops/shaping/shaping.h"
#include "ops/softmax/softmax.h"

namespace ctr {
namespace {

// [B T, A] as [B H, T, A / H].
Var split_heads(const Var& x, int64_t batch, int64_t length, int64_t heads) {
  const int64_t width = x.dim(1) / heads;
  return reshape(swap_middle(reshape(x, {batch, length, heads, width})),
                 {batch * heads, length, width});
}

}  // namespace

Var multi_head_attention(const Var& x, const AttentionWeights& weights, int64_t heads,
                         double scale) {
  CTR_CHECK(x.rank() == 3, "multi_head_attention: x must be [batch, length, width], got {}",
            x.shape());
  const int64_t width = weights.query.dim(0);
  CTR_CHECK(heads > 0 && width % heads == 0 && weights.key.dim(0) == width &&
                weights.value.dim(0) == width,
            "multi_head_attention: query {}, key {} and value {} must have one height that {} "
            "heads divide",
            weights.query.shape(), weights.key.shape(), weights.value.shape(), heads);
  const int64_t batch = x.dim(0), length = x.dim(1);
  const Var rows = reshape(x, {batch * length, x.dim(2)});
  auto projected = [&](const Var& weight) {
    return split_heads(linear(rows, weight), batch, length, heads);  // [B H, T, A / H]
  };
  if (scale == 0) scale = 1 / std::sqrt(static_cast<double>(width / heads));
  Var scores = batched_matmul(projected(weights.query), projected(weights.key), Transpose::yes);
  Var mixed = batched_matmul(softmax(ctr::scale(scores, scale)), projected(weights.value));
  Var joined = reshape(swap_middle(reshape(mixed, {batch, heads, length, width / heads})),
                       {batch * length, width});
  if (weights.out.defined()) joined = linear(joined, weights.out);
  return reshape(joined, {batch, length, joined.dim(1)});
}

OpInfo op_multi_head_attention() {
  auto call = [](const OpArguments& a) {
    AttentionWeights weights{a.inputs[1], a.inputs[2], a.inputs[3],
                             a.inputs.size() > 4 ? a.inputs[4] : Var()};
    return std::vector<Var>{multi_head_attention(
        a.inputs[0], weights, static_cast<int64_t>(a.number("heads", 1)), a.number("scale", 0))};
  };
  return {
      .name = "multi_head_attention",
      .formula = "y = [softmax(Q_h K_h^T / sqrt(d)) V_h] W_o^T",
      .inputs = {"x", "wq", "wk", "wv", "wo?"},
      .constants = {},
      .attributes = {"heads", "scale"},
      .call = call,
      .cases = {{"two heads", {{2, 3, 5}, {4, 5}, {4, 5}, {4, 5}, {3, 4}}, {}, {{"heads", "2"}}},
                {"no output weight", {{1, 4, 3}, {2, 3}, {2, 3}, {2, 3}}, {}, {{"scale", "1"}}},
                {"empty", {{0, 3, 5}, {4, 5}, {4, 5}, {4, 5}, {3, 4}}}},
      .refused = {{"heads",
                   {{2, 3, 5}, {4, 5}, {4, 5}, {4, 5}},
                   {},
                   {{"heads", "3"}},
                   "multi_head_attention: query [4,5], key [4,5] and value [4,5]"},
                  {"rank",
                   {{3, 5}, {4, 5}, {4, 5}, {4, 5}},
                   {},
                   {},
                   "multi_head_attention: x must be [batch, length, width], got [3,5]"}},
      .golden = {{"multi_head_attention"}},
      .devices = {Device::cpu}};
}

}  // namespace ctr
