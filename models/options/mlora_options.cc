#include "models/options/mlora_options.h"

namespace ctr {

void MloraOptions::add_to(OptionList& list) {
  list.add({"lora_rank", &rank, "MLoRA: r, one for all layers or one each", {}, 1, 65536});
  list.add({"lora_reduce",
            &reduce,
            "MLoRA: without --lora-rank, r is a layer's width divided by this",
            {},
            1,
            65536});
  list.add({"lora_scale", &scale, "MLoRA: factor of the adapters' outputs", {}, 0, 1e6});
  list.add({"lora_dropout",
            &dropout,
            "MLoRA: dropout of the shared branch, before the adapter is added, or of a layer's "
            "output",
            {"shared", "output"}});
  list.add({"lora_start",
            &start,
            "MLoRA: A begins Xavier normal, domain by domain, or as one stack of all",
            {"slice", "stack"}});
  list.add({"lora_experts",
            &experts,
            "MoE-MLoRA: adapters that a gate mixes by domain; 0: one adapter for each domain",
            {},
            0,
            4096});
  list.add({"lora_expert",
            &expert,
            "MoE-MLoRA: every row takes this adapter alone, without the gate; -1: the gate mixes",
            {},
            -1,
            4095});
  list.add({"lora_gate_dim",
            &gate_dim,
            "MoE-MLoRA: width of the gate's vectors of domains",
            {},
            1,
            65536});
}

}  // namespace ctr
