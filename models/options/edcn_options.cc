#include "models/options/edcn_options.h"

namespace ctr {

void EdcnOptions::add_to(OptionList& list) {
  list.add({"edcn_bridge",
            &bridge,
            "EDCN: what joins the two networks after each layer",
            {"hadamard", "addition", "concatenation", "attention_pooling"}});
  list.add({"edcn_attention",
            &attention,
            "EDCN: attention_pooling has a net for each input, or one for both (FuxiCTR)",
            {"own", "shared"}});
  list.add({"edcn_regulation", &regulation, "EDCN: a gate for each field before each layer"});
  list.add({"edcn_temperature", &temperature, "EDCN: of the gates' softmax", {}, 1e-3, 1e6});
  list.add(
      {"edcn_residual", &residual, "EDCN: cross layers add their input (FuxiCTR 2: they do not)"});
  list.add({"edcn_base",
            &base,
            "EDCN: cross with the first layer's input, or with each layer's own (DeepCTR)",
            {"first", "layer"}});
}

}  // namespace ctr
