#include "tools/strategy/strategy_options.h"

#include <algorithm>

#include "engine/check.h"

namespace ctr {

const std::vector<std::string>& strategy_names() {
  static const std::vector<std::string> names = {"joint", "alternate", "separate", "finetune",
                                                 "dn",    "dr",        "mamdr",    "reptile",
                                                 "maml",  "mldg",      "pcgrad"};
  return names;
}

void StrategyOptions::add_to(OptionList& list) {
  list.add({"strategy", &name,
            "how the domains take turns: joint mixes their rows; docs/strategies.md has the others",
            strategy_names()});
  list.add({"outer_rate",
            &outer_rate,
            "dn, mamdr, reptile: how far the weights follow (0: 0.1); maml, mldg: learning rate of "
            "the outer step (0: 1e-3 and 1e-4)",
            {},
            0,
            1e3});
  list.add(
      {"domain_rate", &domain_rate, "dr, mamdr: how far a domain's offset follows", {}, 0, 10});
  list.add({"sampled_domains",
            &sampled_domains,
            "dr, mamdr: other domains that help one, all when there are fewer",
            {},
            0,
            1e6});
  list.add({"query_domain", &query_domain, "dr, mamdr: the domain helps itself, as the last"});
  list.add({"query_batches",
            &query_batches,
            "dr, mamdr: most of the domain's own batches after a helper's; 0: all",
            {},
            0,
            1e12});
  list.add({"average_moves", &average_moves,
            "dr, mamdr: all helpers begin alike and their moves are averaged"});
  list.add({"domain_start",
            &start,
            "dr, mamdr: how the offsets begin; random: drawn as weights are, as the published code "
            "has it",
            {"zeros", "random"}});
  list.add({"support_share",
            &support_share,
            "maml, mldg: of a domain's rows, for the inner steps (0: 0.2 and 0.8)",
            {},
            0,
            0.99});
  list.add({"reload_best", &reload_best,
            "go back to the best weights after an epoch that was no better; the optimizer's state "
            "stays"});
  list.add({"finetune_domains", &finetune_domains,
            "then train on each domain's rows alone, from the best weights"});
  list.add(
      {"finetune_optimizer", &finetune_optimizer, "of that; own: the run's rule", {"sgd", "own"}});
  list.add({"finetune_learning_rate", &finetune_learning_rate, "of that", {}, 0, 1e3});
  list.add({"finetune_patience",
            &finetune_patience,
            "epochs without a better valid AUC of the domain before that stops",
            {},
            1,
            1e6});
  list.add(
      {"finetune_epochs", &finetune_epochs, "most epochs of that, for each domain", {}, 1, 1e6});
  list.add({"finetune_min_improvement",
            &finetune_min_improvement,
            "least rise of that AUC that counts as better",
            {},
            0,
            1});
}

void check_options(const StrategyOptions& options) {
  const StrategyOptions by_default;
  auto need = [&](const char* option, bool set, const std::vector<std::string>& readers) {
    CTR_CHECK(!set || std::find(readers.begin(), readers.end(), options.name) != readers.end(),
              "train: --{} is read by --strategy {} alone, not by {}; leave it out", option,
              fmt::join(readers, ", "), options.name);
  };
  need("outer-rate", options.outer_rate != 0, {"dn", "mamdr", "reptile", "maml", "mldg"});
  need("domain-rate", options.domain_rate != by_default.domain_rate, {"dr", "mamdr"});
  need("sampled-domains", options.sampled_domains != by_default.sampled_domains, {"dr", "mamdr"});
  need("query-domain", options.query_domain != by_default.query_domain, {"dr", "mamdr"});
  need("query-batches", options.query_batches != 0, {"dr", "mamdr"});
  need("average-moves", options.average_moves, {"dr", "mamdr"});
  need("domain-start", options.start != by_default.start, {"dr", "mamdr"});
  need("reload-best", options.reload_best,
       {"joint", "alternate", "dn", "dr", "mamdr", "reptile", "pcgrad"});
  need("support-share", options.support_share != 0, {"maml", "mldg"});
  CTR_CHECK(options.sampled_domains > 0 || options.query_domain || !options.has_offsets(),
            "train: --strategy {} needs a domain to learn from; raise --sampled-domains or leave "
            "--query-domain on",
            options.name);
  CTR_CHECK(
      options.trains_together() || !options.finetune_domains,
      "train: --strategy {} already trains on each domain alone; leave --finetune-domains out",
      options.name);
}

}  // namespace ctr
