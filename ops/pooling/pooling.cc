#include "ops/pooling/pooling.h"

#include "engine/check.h"
#include "ops/linear/linear.h"
#include "ops/registry.h"
#include "ops/shaping/shaping.h"
#include "ops/softmax/softmax.h"

namespace ctr {

Var kernel_attention_pooling(const Var& q, const Var& keys, const Var& values, const Tensor& mask,
                             AttentionKernel kernel, const Var& w) {
  CTR_CHECK(keys.rank() == 3 && values.rank() == 3 && keys.dim(0) == values.dim(0) &&
                keys.dim(1) == values.dim(1),
            "kernel_attention_pooling: keys {} and values {} must be [B, T, D] and [B, T, V]",
            keys.shape(), values.shape());
  const Var a = kernel_weights(squared_distances(q, keys, w), mask, kernel);  // [B, T]
  return row_matmul(a, values, values.dim(2));
}

Var query_attention_pooling(const Var& x, const Var& weight, const Var& bias, const Var& query,
                            const Tensor& mask) {
  CTR_CHECK(
      x.rank() == 3 && query.rank() == 1 && weight.rank() == 2 && query.dim(0) == weight.dim(0),
      "query_attention_pooling: x {}, W {} and query {} must be [B, T, D], [A, D] and [A]",
      x.shape(), weight.shape(), query.shape());
  const int64_t rows = x.dim(0), places = x.dim(1), width = x.dim(2);
  const Var keys = linear(reshape(x, {rows * places, width}), weight, bias,
                          {Activation::tanh, WeightLayout::out_in});
  const Var scores = reshape(linear(keys, reshape(query, {1, query.dim(0)})), {rows, places});
  const Var a = mask.defined() ? masked_softmax(scores, mask) : softmax(scores);
  return row_matmul(a, x, width);
}

namespace {

Tensor optional_mask(const OpArguments& a) {
  return a.constants.empty() ? Tensor() : a.constants[0];
}

Tensor mask_of(const Shape& shape, std::vector<int64_t> values) {
  return Tensor::from(shape, values);
}

}  // namespace

OpInfo op_kernel_attention_pooling() {
  auto call = [](const OpArguments& a) {
    return std::vector<Var>{
        kernel_attention_pooling(a.inputs[0], a.inputs[1], a.inputs[2], optional_mask(a),
                                 attention_kernel_called(a.text("kernel", "gaussian")),
                                 a.inputs.size() > 3 ? a.inputs[3] : Var())};
  };
  const Tensor kept = mask_of({3, 4}, {1, 0, 1, 1, 0, 0, 0, 0, 0, 1, 1, 1});
  return {.name = "kernel_attention_pooling",
          .formula = "y_b = sum_t K(|w (q_b - k_bt)|) v_bt / sum_s K(|w (q_b - k_bs)|)",
          .inputs = {"q", "keys", "values", "w?"},
          .constants = {"mask?"},
          .attributes = {"kernel"},
          .call = call,
          .cases = {{"masked", {{3, 2}, {3, 4, 2}, {3, 4, 5}}, {kept}},
                    {"one weight", {{2, 3}, {2, 5, 3}, {2, 5, 1}, {1}}},
                    {"diagonal", {{2, 3}, {2, 5, 3}, {2, 5, 2}, {3}}},
                    {"epanechnikov",
                     {{3, 1}, {3, 4, 1}, {3, 4, 2}, {1}},
                     {kept},
                     {{"kernel", "epanechnikov"}}},
                    {"empty", {{0, 3}, {0, 4, 3}, {0, 4, 2}}}},
          .refused = {{"places",
                       {{3, 2}, {3, 4, 2}, {3, 5, 5}},
                       {},
                       {},
                       "kernel_attention_pooling: keys [3,4,2] and values [3,5,5] must be"}},
          .golden = {{"gaussian_attention_pooling", {}, {{"k", "keys"}, {"v", "values"}}},
                     {"gaussian_attention_pooling_learned", {}, {{"k", "keys"}, {"v", "values"}}}},
          .devices = {Device::cpu}};
}

OpInfo op_query_attention_pooling() {
  auto call = [](const OpArguments& a) {
    return std::vector<Var>{query_attention_pooling(a.inputs[0], a.inputs[1], a.inputs[2],
                                                    a.inputs[3], optional_mask(a))};
  };
  const Tensor kept = mask_of({3, 2}, {1, 0, 0, 0, 1, 1});
  return {.name = "query_attention_pooling",
          .formula = "y_b = sum_t softmax_t(query . tanh(W x_bt + b)) x_bt",
          .inputs = {"x", "w", "b", "query"},
          .constants = {"mask?"},
          .call = call,
          .cases = {{"masked", {{3, 2, 4}, {5, 4}, {5}, {5}}, {kept}},
                    {"all places", {{2, 3, 1}, {2, 1}, {2}, {2}}},
                    {"empty", {{0, 3, 4}, {5, 4}, {5}, {5}}}},
          .refused = {{"query",
                       {{3, 2, 4}, {5, 4}, {5}, {4}},
                       {},
                       {},
                       "query_attention_pooling: x [3,2,4], W [5,4] and query [4] must be"}},
          .devices = {Device::cpu}};
}

}  // namespace ctr
