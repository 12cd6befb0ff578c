#include "models/options/encoder_options.h"

namespace ctr {

void EncoderOptions::add_to(OptionList& list) {
  list.add(
      {"encoder_method",
       &method,
       "encoder: what is trained beside the head: everything, low-rank additions to queries and "
       "values, adapters and layer norms, or a prefix of keys and values",
       {"plain", "lora", "adapter", "prefix"}});
  list.add({"encoder_layers", &layers, "encoder: layers on one another", {}, 1, 1024});
  list.add({"encoder_heads", &heads, "encoder: heads of the attention", {}, 1, 4096});
  list.add({"encoder_ffn_units",
            &ffn_units,
            "encoder: width inside the feed-forward; 0: four times the model's",
            {},
            0,
            1 << 20});
  list.add({"encoder_gelu", &gelu, "encoder: the exact GELU or its tanh form", {"erf", "tanh"}});
  list.add({"encoder_norm_epsilon", &norm_epsilon, "encoder: of the layer norms", {}, 0, 1});
  list.add({"encoder_lora_rank", &lora_rank, "encoder, lora: rank of the additions", {}, 1, 65536});
  list.add({"encoder_lora_alpha",
            &lora_alpha,
            "encoder, lora: they count alpha / rank times",
            {},
            0,
            1e6});
  list.add(
      {"encoder_adapter_units", &adapter_units, "encoder, adapter: width inside", {}, 1, 65536});
  list.add({"encoder_prefix_length",
            &prefix_length,
            "encoder, prefix: keys and values before the "
            "sequence",
            {},
            1,
            65536});
  list.add({"encoder_prefix_hidden",
            &prefix_hidden,
            "encoder, prefix: hidden layer of the net that makes them; 0: they are trained "
            "themselves",
            {},
            0,
            1 << 20});
  list.add({"encoder_prefix_shifts_positions", &prefix_shifts_positions,
            "encoder, prefix: the sequence's positions begin behind it"});
}

}  // namespace ctr
