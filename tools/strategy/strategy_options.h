#pragma once
// How the domains of the data take turns in training: docs/strategies.md.

#include <cstdint>
#include <string>
#include <vector>

#include "engine/options.h"
#include "io/schema.h"

namespace ctr {

struct StrategyOptions {
  std::string name = "joint";
  double outer_rate = 0;          // β of dn, mamdr, reptile; maml's and mldg's learning rate
  double domain_rate = 0.1;       // γ of dr, mamdr
  int64_t sampled_domains = 5;    // k of dr, mamdr: other domains that help one
  bool query_domain = true;       // dr, mamdr: the domain itself is the last of its helpers
  int64_t query_batches = 0;      // dr, mamdr: most of the domain's own batches after a helper's
  bool average_moves = false;     // dr, mamdr: helpers begin alike, their moves are averaged
  std::string start = "zeros";    // of dr's and mamdr's θ_i
  double support_share = 0;       // maml, mldg: of a domain's rows, for the inner steps
  bool reload_best = false;       // after an epoch that was no better
  bool finetune_domains = false;  // then, for each domain, training on its rows alone
  std::string finetune_optimizer = "sgd";
  double finetune_learning_rate = 1e-3;
  int64_t finetune_patience = 3;
  int64_t finetune_epochs = 30;
  double finetune_min_improvement = 1e-4;

  void add_to(OptionList& list);

  bool has_offsets() const { return name == "dr" || name == "mamdr"; }
  bool tunes() const { return finetune_domains || name == "finetune" || name == "separate"; }
  bool trains_together() const { return name != "finetune" && name != "separate"; }
};

const std::vector<std::string>& strategy_names();

// Throws kind usage when an option is set that the strategy does not read.
void check_options(const StrategyOptions& options);

}  // namespace ctr
