#include "models/options/next_item_options.h"

namespace ctr {

void NextItemOptions::add_to(OptionList& list) {
  list.add({"next_sequence_field", &sequence_field,
            "sequence models: the sequence that is read; empty: the one that shares the item's "
            "table, or the first"});
  list.add({"next_target_field", &target_field,
            "sequence models: a sequence with what is to be told at each place, 0: nothing; "
            "empty: the sequence itself, one place on"});
  list.add({"next_padding_is_item", &padding_is_item,
            "sequence models: id 0 is told like any item, as published; else it is no target"});
  list.add(
      {"next_loss",
       &loss,
       "sequence models: cross-entropy over all items, or over a sample of them; bpr-max: pairs "
       "of the told item and each of a sample, weighed by its softmax",
       {"softmax", "sampled", "bpr-max"}});
  list.add({"next_sampler",
            &sampler,
            "sampled loss, bpr-max: how items are drawn; counts: by their number of occurrences so "
            "far, to a power",
            {"log-uniform", "uniform", "counts", "in-batch"}});
  list.add({"next_samples",
            &samples,
            "sampled loss, bpr-max: items drawn for a batch; 0: a fifth of all",
            {},
            0,
            1 << 24});
  list.add({"next_count_power", &count_power, "sampler counts: the power", {}, 0, 1});
  list.add({"next_correct_samples", &correct_samples,
            "sampled loss: take the logarithm of an item's expected count from its score"});
  list.add({"next_chunk",
            &chunk,
            "items that are scored at once where all of them are",
            {},
            1,
            1 << 30});
  list.add({"next_bpr_penalty",
            &bpr_penalty,
            "bpr-max: of the weighed squares of the sample's scores",
            {},
            0,
            1e9});
  list.add({"next_bpr_elu",
            &bpr_elu,
            "bpr-max: scores below 0 become a (e^x - 1); 0: scores as they are",
            {},
            0,
            1e9});
}

void NextItNetOptions::add_to(OptionList& list) {
  list.add({"next_block",
            &block,
            "NextItNet: residual blocks; a: a bottleneck after norms, b: two convolutions",
            {"a", "b"}});
  list.add({"next_causal", &causal,
            "NextItNet: a place sees earlier ones alone and tells the next item; else hidden items "
            "are told from both sides"});
  list.add({"next_dilations", &dilations, "NextItNet: of its blocks", {}, 1, 1 << 20});
  list.add({"next_kernel", &kernel, "NextItNet: taps of a convolution", {}, 1, 1 << 10});
  list.add({"next_relu_head", &relu_head, "NextItNet: ReLU before the scores, as published"});
  list.add({"next_norm_epsilon", &norm_epsilon, "NextItNet: of the layer norms", {}, 0, 1});
  list.add({"next_mask_share",
            &mask_share,
            "NextItNet, not causal: share of a row's items that is hidden",
            {},
            0,
            1});
  list.add({"next_most_masks",
            &most_masks,
            "NextItNet, not causal: most items of a row that are "
            "hidden",
            {},
            1,
            1 << 20});
}

void GruOptions::add_to(OptionList& list) {
  list.add({"gru_hidden", &hidden, "GRU4Rec: width of the state", {}, 1, 65536});
  list.add({"gru_layers", &layers, "GRU4Rec: layers on one another", {}, 1, 1024});
  list.add({"gru_bias", &bias, "GRU4Rec: biases of the gates and of the items"});
  list.add({"gru_lanes",
            &lanes,
            "GRU4Rec: learn an item at a time, so many sequences side by side; 0: whole ones",
            {},
            0,
            1e6});
}

void SasRecOptions::add_to(OptionList& list) {
  list.add({"sasrec_blocks", &blocks, "SASRec: attention blocks on one another", {}, 1, 1024});
  list.add({"sasrec_heads", &heads, "SASRec: heads of the attention", {}, 1, 4096});
  list.add({"sasrec_norm_epsilon", &norm_epsilon, "SASRec: of the layer norms", {}, 0, 1});
  list.add({"sasrec_positive_field", &positive_field,
            "SASRec: a sequence with what follows each place; empty: the sequence itself"});
  list.add({"sasrec_negative_field", &negative_field,
            "SASRec: a sequence with what does not follow; empty: drawn at random"});
}

}  // namespace ctr
