#include "models/options/finalmlp_options.h"

#include "models/layers/activation_layer.h"

namespace ctr {

void FinalMlpOptions::add_to(OptionList& list) {
  list.add({"mlp2_units",
            &units,
            "FinalMLP: widths of the second stream; empty: those of the first, hidden_units",
            {},
            1,
            1 << 20});
  std::vector<std::string> activations = activation_layer_names();
  activations.insert(activations.begin(), "");
  list.add({"mlp2_activation", &activation, "FinalMLP: of the second stream; empty: the first's",
            activations});
  list.add(
      {"mlp2_dropout", &dropout, "FinalMLP: of the second stream; -1: the first's", {}, -1, 0.99});
  list.add({"mlp2_batch_norm",
            &batch_norm,
            "FinalMLP: batch norm in the second stream",
            {"same", "on", "off"}});
  list.add({"feature_gates", &gates, "FinalMLP: gates that select features for each stream"});
  list.add(
      {"gate_units", &gate_units, "FinalMLP: hidden layers of the gates' nets", {}, 1, 1 << 20});
  list.add({"gate1_context", &context1,
            "FinalMLP: fields that decide the first stream's gates; empty: a learned vector"});
  list.add({"gate2_context", &context2, "FinalMLP: the same of the second stream"});
  list.add(
      {"gate_context_deviation",
       &context_deviation,
       "FinalMLP: learned context vectors begin as N(0, deviation^2); at 0 all that they reach is "
       "the gates' bias",
       {},
       0,
       10});
  list.add({"fusion_heads", &heads, "FinalMLP: heads of the bilinear fusion", {}, 1, 65536});
  list.add({"fusion",
            &fusion,
            "FinalMLP: how the streams are joined",
            {"bilinear", "sum", "product", "concat"}});
}

}  // namespace ctr
