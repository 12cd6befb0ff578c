#include "models/options/task_options.h"

namespace ctr {

void ShallowOptions::add_to(OptionList& list) {
  list.add({"shallow_fields", &fields,
            "shallow tower: what it reads, the position first; empty: there is none"});
  list.add({"shallow_embedding_dim",
            &embedding_dim,
            "shallow tower: width of its own embeddings",
            {},
            1,
            65536});
  list.add({"shallow_tasks", &tasks, "shallow tower: tasks that it adds to; empty: all"});
  list.add({"shallow_hidden_units",
            &hidden_units,
            "shallow tower: widths of its hidden layers; empty: it is linear",
            {},
            1,
            1 << 20});
  list.add({"shallow_drop",
            &drop,
            "shallow tower: share of training rows whose position counts as missing",
            {},
            0,
            1});
  list.add(
      {"shallow_serve", &serve, "shallow tower: the position in prediction", {"missing", "given"}});
}

void TaskOptions::add_to(OptionList& list) {
  list.add({"tasks",
            &tasks,
            "models of several tasks: a task for each label of the data, or for each domain on the "
            "first label",
            {"labels", "domains"}});
  list.add({"bottom_units",
            &bottom_units,
            "Shared-Bottom: widths of the bottom's layers",
            {},
            1,
            1 << 20});
  list.add({"experts", &experts, "MMoE: number of experts", {}, 1, 4096});
  list.add({"specific_experts", &specific_experts, "CGC, PLE: experts of each task", {}, 0, 4096});
  list.add({"shared_experts", &shared_experts, "CGC, PLE: experts of all tasks", {}, 1, 4096});
  list.add({"expert_units",
            &expert_units,
            "MMoE, CGC, PLE: widths of an expert's layers",
            {},
            1,
            1 << 20});
  list.add({"gate_units",
            &gate_units,
            "MMoE, CGC, PLE: hidden layers of the gates; empty: they are linear",
            {},
            1,
            1 << 20});
  list.add({"gate_bias", &gate_bias, "MMoE, CGC, PLE: a bias in linear gates"});
  list.add({"ple_levels", &ple_levels, "PLE: levels of experts", {}, 1, 64});
  list.add({"ple_dialect",
            &ple_dialect,
            "PLE: the shared gate mixes all experts, or the shared ones alone as in FuxiCTR",
            {"paper", "fuxictr"}});
  list.add({"tower_units",
            &tower_units,
            "models of several tasks: widths of the layers of each task's tower",
            {},
            1,
            1 << 20});
  shallow.add_to(list);
}

}  // namespace ctr
