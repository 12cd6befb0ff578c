#pragma once
// Training on one domain's rows alone, a domain after the other.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/allocator.h"
#include "tools/strategy/parameter_set.h"
#include "tools/strategy/strategy.h"
#include "tools/trainer.h"

namespace ctr {

// Each domain begins with its weights so far: those of `base`, or the model's. An optimizer of its
// own makes passes over its training rows until its valid AUC has not risen for some epochs; the
// best weights stay, those it began with among them. A domain without rows in training or
// validation keeps its own.
class DomainTuning : public DomainWeights {
 public:
  // The model holds the weights that all share.
  DomainTuning(BuiltModel& built, const Dataset& data, const TrainOptions& options,
               std::shared_ptr<DomainWeights> base);

  void put(int64_t domain) override;
  // `first_step` numbers its first step for random draws. Nothing when `stop` ended it: the domain
  // is as it was.
  std::optional<DomainReport> tune(int64_t domain, int64_t first_step,
                                   const std::function<void(NonFinite&)>& non_finite,
                                   const std::function<bool()>& stop);
  int64_t domains() const { return std::ssize(own_); }

  // Weights of domains that got their own; restore() takes them back.
  std::map<std::string, Tensor> state() const;
  void restore(const std::map<std::string, Tensor>& state);

 private:
  struct Rule {
    OptimizerOptions optimizer;
    int64_t patience, epochs;
    double min_improvement;
  };
  static Rule rule_of(const TrainOptions& options);
  double valid_auc(int64_t domain);
  // False when it was stopped.
  bool run_epoch(DomainReport& report, TrainStep& step, int64_t first_step,
                 const std::shared_ptr<Arena>& arena, const std::function<bool()>& stop);

  BuiltModel& built_;
  const Dataset& data_;
  const TrainOptions options_;
  Rule rule_;
  std::shared_ptr<DomainWeights> base_;
  DomainRows train_, valid_;
  ParameterSet live_;              // of the model
  ParameterSet shared_;            // what it held at first
  std::vector<ParameterSet> own_;  // by domain; empty: base_'s or the shared ones
};

}  // namespace ctr
