#include "ops/linear/linear.h"
#include "ops/registry.h"
#include "ops/shaping/shaping.h"

namespace ctr {

Var apg_decomposed_linear(const Var& h, const Var& u, const Var& s, const Var& v, const Var& bias,
                          Activation activation, const RowGroups& groups) {
  const int64_t k = u.dim(1);
  Var q = matmul(h, u);  // h U        [B, K]
  Var t = groups.defined() ? grouped_matmul(q, reshape(s, {groups.count(), k, k}), groups)
                           : row_matmul(q, s, k);  // (h U) S    [B, K]
  return linear(t, v, bias, {activation, WeightLayout::in_out});
}

OpInfo op_apg_decomposed_linear() {
  return {.name = "apg_decomposed_linear",
          .formula = "y_b = activation(((h_b U) S_b) V + b)",
          .inputs = {"h", "u", "s", "v", "b?"},
          .constants = {},
          .attributes = {"activation"},
          .call =
              [](const OpArguments& a) {
                const auto activation = activation_called(a.text("activation", "identity"));
                return std::vector<Var>{apg_decomposed_linear(
                    a.inputs[0], a.inputs[1], a.inputs[2], a.inputs[3],
                    a.inputs.size() > 4 ? a.inputs[4] : Var(), activation.value())};
              },
          .cases = {{"odd sizes", {{4, 6}, {6, 3}, {4, 9}, {3, 5}}},
                    {"bias", {{4, 6}, {6, 3}, {4, 9}, {3, 5}, {5}}},
                    {"bias and activation",
                     {{4, 6}, {6, 3}, {4, 9}, {3, 5}, {5}},
                     {},
                     {{"activation", "tanh"}}},
                    {"empty", {{0, 6}, {6, 3}, {0, 9}, {3, 5}}}},
          .refused =
              {{"S too small",
                {{4, 6}, {6, 3}, {4, 8}, {3, 5}},
                {},
                {},
                "row_matmul: h [4,3] and W [4,8]"},
               {"U", {{4, 6}, {5, 3}, {4, 9}, {3, 5}}, {}, {}, "linear: x f64 [4,6] W f64 [5,3]"}},
          .golden = {{"apg_decomposed_linear"}},
          .devices = {Device::cpu}};
}

}  // namespace ctr
