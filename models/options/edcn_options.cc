#include "models/options/edcn_options.h"

namespace ctr {

void EdcnOptions::add_to(OptionList& list) {
  list.add({"edcn_bridge",
            &bridge,
            "EDCN: how the branches are joined after each layer",
            {"hadamard", "addition", "concatenation", "attention_pooling"}});
  list.add({"edcn_regulation", &regulation, "EDCN: gates over fields before each layer"});
  list.add({"edcn_temperature", &temperature, "EDCN: temperature of these gates", {}, 1e-6, 1e6});
  list.add({"edcn_residual", &residual, "EDCN: the cross step adds to its input"});
  list.add({"edcn_attention",
            &attention,
            "EDCN: nets of attention_pooling, each branch's own or one",
            {"own", "shared"}});
}

}  // namespace ctr
