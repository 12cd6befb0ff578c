#pragma once

#include <cstdint>
#include <string>

#include "engine/options.h"

namespace ctr {

// The small net on what biases a click beside the item, as its position (Zhao et al.: Recommending
// what video to watch next, RecSys 2019): see docs/multi-task.md.
struct ShallowOptions {
  NameList fields = {};           // empty: no such tower; the first is the position
  int64_t embedding_dim = 4;      // of its own tables
  NameList tasks = {};            // whose logits it adds to; empty: all
  IntList hidden_units = {};      // empty: linear
  double drop = 0.1;              // share of training rows whose position counts as missing
  std::string serve = "missing";  // the position in prediction: missing, given

  void add_to(OptionList& list);
};

// Of the models of several tasks: see docs/multi-task.md.
struct TaskOptions {
  std::string tasks = "labels";  // labels: one for each label of the data; domains: one for each
                                 // domain, on the first label
  IntList bottom_units = {256, 128};  // Shared-Bottom
  int64_t experts = 3;                // MMoE
  int64_t specific_experts = 1;       // of each task (CGC, PLE)
  int64_t shared_experts = 1;         // CGC, PLE
  IntList expert_units = {256, 128};
  IntList gate_units = {};  // empty: a gate is linear
  bool gate_bias = false;   // of linear gates; gates that are MLPs have theirs
  int64_t ple_levels = 2;
  std::string ple_dialect = "paper";  // fuxictr: the shared gate mixes the shared experts alone
  IntList tower_units = {64};
  ShallowOptions shallow;

  void add_to(OptionList& list);
};

}  // namespace ctr
