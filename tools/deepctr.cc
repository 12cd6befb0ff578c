#include "tools/deepctr.h"

namespace ctr {

const std::map<std::string, DeepCtrModel>& deepctr_models() {
  static const std::map<std::string, DeepCtrModel> all = {
      {"mlp", {.model = "mlp", .wide = "never"}},
      {"wdl", {.model = "widedeep"}},
      {"nfm", {.model = "nfm"}},
      {"pnn", {.model = "pnn", .wide = "never"}},
      {"deepfm", {.model = "deepfm", .dialect = {{"linear_bias", "false"}}}},
      {"dcn", {.model = "dcn", .defaults = {{"cross_layers", "2"}}, .wide = "dcn_wide"}},
      {"autoint",
       {.model = "autoint",
        .dialect = {{"autoint_residual", "projected"},
                    {"autoint_joint_head", "true"},
                    {"autoint_dim_per_head", "true"}},
        .defaults = {{"autoint_layers", "3"}, {"autoint_heads", "4"}, {"autoint_dim", "8"}},
        .wide = "autoint_wide"}},
      {"xdeepfm",
       {.model = "xdeepfm",
        .dialect = {{"cin_activation", "relu"}},
        .defaults = {{"cin_units", "128,128"}, {"cin_split_half", "true"}}}},
      {"fibinet",
       {.model = "fibinet",
        .dialect = {{"senet_first", "true"}},
        .defaults = {{"bilinear_type", "interaction"}, {"senet_reduction", "3"}}}}};
  return all;
}

}  // namespace ctr
