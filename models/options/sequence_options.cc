#include "models/options/sequence_options.h"

#include "models/layers/activation_layer.h"

namespace ctr {

void DinOptions::add_to(OptionList& list) {
  list.add({"din_target_fields", &target_fields,
            "DIN: groups of fields that attend, fields of a group joined by '+'; empty: the item"});
  list.add({"din_sequence_fields", &sequence_fields,
            "DIN: the sequences that each group attends to; empty: the one that shares the item's "
            "table"});
  list.add({"din_attention_units",
            &attention_units,
            "DIN: hidden layers of the attention",
            {},
            1,
            1 << 20});
  list.add({"din_attention_activation", &attention_activation, "DIN: of the attention's layers",
            activation_layer_names()});
  list.add({"din_attention_output_activation",
            &attention_output_activation,
            "DIN: of the attention's result",
            {"identity", "relu", "sigmoid", "tanh", "leaky_relu", "softplus"}});
  list.add({"din_attention_dropout",
            &attention_dropout,
            "DIN: share of the attention's hidden units dropped in training",
            {},
            0,
            0.99});
  list.add({"din_softmax", &softmax, "DIN: attention sums to one over the sequence"});
}

void BstOptions::add_to(OptionList& list) {
  list.add({"bst_target_fields", &target_fields,
            "BST: groups of target fields, fields of a group joined by '+'; empty: the item"});
  list.add({"bst_sequence_fields", &sequence_fields,
            "BST: the sequences that each group ends; empty: the one that shares the item's "
            "table"});
  list.add({"bst_heads", &heads, "BST: heads of the attention", {}, 1, 4096});
  list.add({"bst_blocks", &blocks, "BST: transformer blocks on one another", {}, 1, 1024});
  list.add({"bst_attention_dropout",
            &attention_dropout,
            "BST: share of attention weights dropped in training",
            {},
            0,
            0.99});
  list.add({"bst_layer_norm", &layer_norm, "BST: layer norm behind attention and feed-forward"});
  list.add({"bst_residual", &residual, "BST: add the input of attention and feed-forward"});
  list.add(
      {"bst_positions", &positions, "BST: a trained vector for each place, beside the fields"});
  list.add({"bst_causal", &causal, "BST: a place sees itself and earlier ones alone"});
  list.add({"bst_pooling",
            &pooling,
            "BST: the sequence's vectors in one",
            {"mean", "sum", "target", "concat"}});
}

}  // namespace ctr
