#include "ops/attention/attention.h"

#include <cmath>

#include "engine/check.h"
#include "ops/linear/linear.h"
#include "ops/registry.h"
#include "ops/shaping/shaping.h"

namespace ctr {
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
    return reshape(linear(rows, weight), {batch, length, width});  // [B, T, A]
  };
  if (scale == 0) scale = 1 / std::sqrt(static_cast<double>(width / heads));
  const Var query = projected(weights.query), key = projected(weights.key);
  Var mixed = attention_mix(attention_weights(query, key, heads, scale), projected(weights.value));
  if (!weights.out.defined()) return mixed;
  return reshape(linear(reshape(mixed, {batch * length, width}), weights.out),
                 {batch, length, weights.out.dim(0)});
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
