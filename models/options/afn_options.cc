#include "models/options/afn_options.h"

#include "models/layers/activation_layer.h"

namespace ctr {

void AfnOptions::add_to(OptionList& list) {
  std::vector<std::string> activations = activation_layer_names();
  activations.emplace_back("");
  list.add(
      {"logarithmic_neurons", &logarithmic_neurons, "AFN: logarithmic neurons", {}, 1, 1 << 20});
  list.add({"afn_hidden_units",
            &hidden_units,
            "AFN: hidden layers of the MLP over the neurons",
            {},
            1,
            1 << 20});
  list.add({"afn_activation", &activation, "AFN: activation of that MLP; empty: --activation",
            activations});
  list.add({"afn_dropout", &dropout, "AFN: dropout in that MLP", {}, 0, 0.99});
  list.add({"afn_ensemble", &ensemble, "AFN: AFN+, beside an MLP on embeddings of its own"});
  list.add({"afn_floor", &floor, "AFN: smallest magnitude that a logarithm sees", {}, 1e-30, 1});
  list.add({"afn_neuron_bias", &neuron_bias, "AFN: neurons have a bias in the exponent"});
}

}  // namespace ctr
