// MLoRA: multi-domain low-rank adaptive network (Gao et al., RecSys 2024, arXiv 2408.08913).
//   logit = head(h_L),  h_l = relu(h_{l−1} W_lᵀ + b_l + (h_{l−1} A_{l,d}) B_{l,d} + β_{l,d}),
//   h_0 = [v_1 … v_F],  d the row's domain
// All domains share W; each has a low-rank adapter in every layer (layers/lora_linear.h). This
// model is the MLP with `linear = mlora`; any other backbone takes the same layers by --linear
// mlora.

#include "models/mlp.h"

namespace ctr {

ModelInfo model_mlora() {
  return {.name = "mlora",
          .title = "MLP with a low-rank adapter per domain in every layer",
          .paper = "Gao et al., RecSys 2024",
          .make = make_mlp,
          .preset = [](ModelOptions& options) { options.linear = "mlora"; },
          .shrink = [](ModelOptions& options) { options.mlora.reduce = 3; },
          .variants = {{"one rank, scale",
                        [](ModelOptions& o) {
                          o.mlora.rank = {2};
                          o.mlora.scale = 0.5;
                        }},
                       {"dropout of the shared branch", [](ModelOptions& o) { o.dropout = 0.2; }},
                       {"dropout of the output, started as a stack",
                        [](ModelOptions& o) {
                          o.dropout = 0.2;
                          o.mlora.dropout = "output";
                          o.mlora.start = "stack";
                        }},
                       {"two experts",
                        [](ModelOptions& o) {
                          o.mlora.experts = 2;
                          o.mlora.scale = 0.5;
                        }},
                       {"three experts, dropout of the output",
                        [](ModelOptions& o) {
                          o.mlora.experts = 3;
                          o.mlora.dropout = "output";
                          o.dropout = 0.2;
                        }},
                       {"batch norm, prelu", [](ModelOptions& o) {
                          o.batch_norm = true;
                          o.activation = "prelu";
                        }}}};
}

}  // namespace ctr
