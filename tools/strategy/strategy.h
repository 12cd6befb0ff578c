#pragma once
// How an epoch of training goes over the domains.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "io/domain_rows.h"
#include "tools/domain_weights.h"
#include "tools/strategy/strategy_options.h"
#include "tools/train_options.h"
#include "tools/train_step.h"

namespace ctr {

// Some batches of an epoch, one after another.
struct Pass {
  static constexpr int64_t kAll = -1;
  enum class Part : uint8_t { whole, support, query };

  int64_t domain = kAll;     // whose rows are read, in an order of the pass's own
  Part part = Part::whole;   // of them
  int64_t most_batches = 0;  // 0: all
  bool gathers = false;      // its steps add up gradients and move nothing
  std::function<void()> before = {}, after = {};  // of its first and last step
};

// What a strategy works on; all of it outlives the strategy.
struct StrategyContext {
  BuiltModel& built;
  const Dataset& data;
  const TrainOptions& options;
  Optimizer& optimizer;
  TrainStep& step;
  const DomainRows* rows;  // of the training split; null for `joint` and `pcgrad`
};

// Between two steps all that it goes on from is the model's weights and state(): passes() of an
// epoch gives the same plan when it is called again.
class Strategy {
 public:
  explicit Strategy(const StrategyContext& context) : context_(context) {}
  virtual ~Strategy() = default;

  // Those of an epoch, from 1; none is without rows.
  virtual std::vector<Pass> passes(int64_t epoch) = 0;
  // Step `number` of the run, from 0, on the loss over all rows of the batches.
  virtual StepResult step(const Pass& pass, std::span<const Batch> batches, int64_t number);
  // Weights of each domain's own beside the model's; null: the model serves all.
  virtual std::shared_ptr<DomainWeights> domain_weights() { return nullptr; }
  // Shared with the strategy.
  virtual std::map<std::string, Tensor> state() const { return {}; }
  virtual void restore(const std::map<std::string, Tensor>&) {}

 protected:
  // A pass over each domain that has rows, in an order that is a function of the seed and epoch.
  std::vector<Pass> one_of_each(int64_t epoch) const;

  StrategyContext context_;
};

// The strategy of context.options.
std::unique_ptr<Strategy> make_strategy(const StrategyContext& context);

// Rows of a pass: all of the split when there is no value.
std::optional<std::span<const uint32_t>> rows_of(const Pass& pass, const StrategyContext& context);

// Of maml and mldg: the rows of a domain of n that are its support.
int64_t support_rows(const StrategyOptions& options, int64_t n);

// Throws kind usage, saying why, when the strategy cannot train this model on this data.
void check_strategy(const TrainOptions& options, const Schema& schema, const Model& model);

}  // namespace ctr
