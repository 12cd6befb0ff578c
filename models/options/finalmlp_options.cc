#include "models/options/finalmlp_options.h"

#include "models/layers/activation_layer.h"

namespace ctr {

void FinalMlpOptions::add_to(OptionList& list) {
  std::vector<std::string> activations = activation_layer_names();
  activations.insert(activations.begin(), "same");
  list.add({"finalmlp_units2",
            &units2,
            "FinalMLP: hidden layers of the second stream; empty: those of the first",
            {},
            1,
            1 << 20});
  list.add({"finalmlp_activation2", &activation2,
            "FinalMLP: of the second stream; same: as the first stream", activations});
  list.add({"finalmlp_batch_norm2",
            &batch_norm2,
            "FinalMLP: of the second stream; same: as the first stream",
            {"same", "true", "false"}});
  list.add({"finalmlp_dropout2",
            &dropout2,
            "FinalMLP: of the second stream; -1: as the first stream",
            {},
            -1,
            0.99});
  list.add({"finalmlp_gates", &gates,
            "FinalMLP: each stream sees the features through a gate of its own"});
  list.add(
      {"finalmlp_gate_units", &gate_units, "FinalMLP: hidden layers of the gates", {}, 1, 1 << 20});
  list.add({"finalmlp_context1", &context1,
            "FinalMLP: fields that the first gate looks at; empty: the same gate for all rows"});
  list.add({"finalmlp_context2", &context2,
            "FinalMLP: fields that the second gate looks at; empty: the same gate for all rows"});
  list.add({"finalmlp_context_deviation",
            &context_deviation,
            "FinalMLP: an empty context begins as N(0, deviation^2); at 0 its gate learns its last "
            "bias alone",
            {},
            0,
            10});
  list.add({"finalmlp_fusion",
            &fusion,
            "FinalMLP: how the streams meet",
            {"bilinear", "sum", "product", "concat"}});
  list.add({"finalmlp_fusion_heads",
            &fusion_heads,
            "FinalMLP: heads of the bilinear fusion; they divide the streams' last layers",
            {},
            1,
            65536});
}

}  // namespace ctr
