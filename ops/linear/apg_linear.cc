#include "ops/linear/linear.h"
#include "ops/registry.h"

namespace ctr {

Var apg_decomposed_linear(const Var& h, const Var& u, const Var& s, const Var& v) {
  Var q = matmul(h, u);                // h U        [B, K]
  Var t = row_matmul(q, s, u.dim(1));  // (h U) S    [B, K]
  return matmul(t, v);                 // … V        [B, M]
}

OpInfo op_apg_decomposed_linear() {
  return {.name = "apg_decomposed_linear",
          .formula = "y_b = ((h_b U) S_b) V",
          .inputs = {"h", "u", "s", "v"},
          .constants = {},
          .call =
              [](const OpArguments& a) {
                return std::vector<Var>{
                    apg_decomposed_linear(a.inputs[0], a.inputs[1], a.inputs[2], a.inputs[3])};
              },
          .cases = {{"odd sizes", {{4, 6}, {6, 3}, {4, 9}, {3, 5}}},
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
