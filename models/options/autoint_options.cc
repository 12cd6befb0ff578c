#include "models/options/autoint_options.h"

namespace ctr {

void AutoIntOptions::add_to(OptionList& list) {
  list.add({"autoint_layers", &layers, "AutoInt: interacting layers", {}, 1, 100});
  list.add({"autoint_heads", &heads, "AutoInt: attention heads of a layer", {}, 1, 1024});
  list.add({"autoint_dim", &dim, "AutoInt: width of a layer, over all heads", {}, 1, 65536});
  list.add(
      {"autoint_dim_per_head", &dim_per_head, "AutoInt: the width is that of one head (DeepCTR)"});
  list.add({"autoint_scale", &scale, "AutoInt: scores are divided by the root of a head's width"});
  list.add({"autoint_residual",
            &residual,
            "AutoInt: none; identity, with a matrix where widths differ; or always a matrix",
            {"none", "identity", "projected"}});
  list.add({"autoint_layer_norm",
            &layer_norm,
            "AutoInt: none, or before or after a layer's ReLU",
            {"none", "before", "after"}});
  list.add({"autoint_projection",
            &projection,
            "AutoInt: queries, keys, values and residual; relu: with bias and ReLU (the authors')",
            {"linear", "relu"}});
  list.add({"autoint_wide", &wide, "AutoInt: a linear term beside"});
  list.add({"autoint_joint_head", &joint_head,
            "AutoInt: one head for attention and MLP together (DeepCTR)"});
}

}  // namespace ctr
