#include "models/options/dual_mlp_options.h"

#include "models/layers/activation_layer.h"

namespace ctr {

void DualMlpOptions::add_to(OptionList& list) {
  list.add({"second_hidden_units",
            &second_hidden_units,
            "DualMLP: widths of the second MLP's layers",
            {},
            1,
            1 << 20});
  list.add({"second_activation", &second_activation, "DualMLP: of the second MLP's hidden layers",
            activation_layer_names()});
  list.add({"second_batch_norm", &second_batch_norm,
            "DualMLP: batch norm before the activations of the second MLP"});
  list.add({"second_dropout",
            &second_dropout,
            "DualMLP: share of the second MLP's hidden units dropped in training",
            {},
            0,
            0.99});
}

}  // namespace ctr
