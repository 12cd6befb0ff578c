#include "tools/strategy/strategy.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "engine/check.h"
#include "engine/rng.h"
#include "tools/strategy/gradient_surgery.h"
#include "tools/strategy/meta.h"
#include "tools/strategy/negotiation.h"
#include "tools/strategy/regularization.h"
#include "tools/strategy/session_lanes.h"

namespace ctr {
namespace {

constexpr uint64_t kOrderStream = 0xD0DE;
constexpr double kOuterRate = 0.1;                        // of mamdr, as published
constexpr double kMamlSupport = 0.2, kMldgSupport = 0.8;  // as published

// Rows of all domains mixed.
class Joint : public Strategy {
 public:
  using Strategy::Strategy;
  std::vector<Pass> passes(int64_t) override { return {Pass{}}; }
};

}  // namespace

StepResult Strategy::step(const Pass&, std::span<const Batch> batches, int64_t number) {
  return context_.step(batches, static_cast<uint32_t>(number * context_.options.accumulate));
}

std::vector<Pass> Strategy::one_of_each(int64_t epoch) const {
  std::vector<int64_t> order = context_.rows->present();
  shuffle(std::span(order), {static_cast<uint64_t>(context_.options.seed), kOrderStream,
                             static_cast<uint32_t>(epoch)});
  std::vector<Pass> passes;
  for (const int64_t domain : order) passes.push_back({.domain = domain});
  return passes;
}

std::unique_ptr<Strategy> make_strategy(const StrategyContext& context) {
  const StrategyOptions& options = context.options.strategy;
  const std::string& name = options.name;
  if (context.built.model().learns_by_place()) return std::make_unique<SessionLanes>(context);
  if (name == "alternate") return std::make_unique<Alternate>(context);
  if (name == "dn") return std::make_unique<Follow>(context, false);
  if (name == "reptile") return std::make_unique<Follow>(context, true);
  if (name == "dr") return std::make_unique<Regularization>(context, 1);
  if (name == "mamdr")
    return std::make_unique<Regularization>(
        context, options.outer_rate == 0 ? kOuterRate : options.outer_rate);
  if (name == "maml") return std::make_unique<Meta>(context, false);
  if (name == "mldg") return std::make_unique<Meta>(context, true);
  if (name == "pcgrad") return std::make_unique<GradientSurgery>(context);
  CTR_ASSERT(name == "joint" || !options.trains_together());
  return std::make_unique<Joint>(context);
}

int64_t support_rows(const StrategyOptions& options, int64_t n) {
  const double share = options.support_share > 0 ? options.support_share
                       : options.name == "mldg"  ? kMldgSupport
                                                 : kMamlSupport;
  return static_cast<int64_t>(static_cast<double>(n) * share);
}

std::optional<std::span<const uint32_t>> rows_of(const Pass& pass, const StrategyContext& context) {
  if (pass.domain == Pass::kAll) return std::nullopt;
  const std::span<const uint32_t> all = context.rows->of(pass.domain);
  if (pass.part == Pass::Part::whole) return all;
  const auto support = static_cast<size_t>(support_rows(context.options.strategy, std::ssize(all)));
  return pass.part == Pass::Part::support ? all.first(support) : all.subspan(support);
}

void check_strategy(const TrainOptions& options, const Schema& schema, const Model& model) {
  const StrategyOptions& strategy = options.strategy;
  check_options(strategy);
  const std::string& name = strategy.name;
  const bool plain = name == "joint" && !strategy.tunes();
  const std::string what = plain || name != "joint" ? "--strategy " + name : "--finetune-domains";
  if (!plain) {
    CTR_CHECK(schema.index_of(FieldRole::domain) >= 0 && schema.domains > 1,
              "train: {} needs a field with the role domain and two domains or more; '{}' has {}",
              what, schema.name, schema.domains);
    CTR_CHECK(!model.counts(),
              "train: {} descends a gradient, and the model {} counts; leave it out", what,
              options.model);
  }
  CTR_CHECK(!model.learns_by_place() || (plain && options.accumulate == 1),
            "train: {} learns an item at a time, a step of the optimizer each; leave {} out",
            options.model, plain ? "--accumulate" : what);
  const bool resets = strategy.reload_best || strategy.tunes() ||
                      (name != "joint" && name != "alternate" && name != "pcgrad");
  CTR_CHECK(!resets || options.optimizer.update != "replay",
            "train: {} puts other weights into the tables, so that steps which rows missed are no "
            "longer theirs; choose --embedding-update rows or dense",
            strategy.reload_best ? "--reload-best" : what);
  CTR_CHECK(!resets || options.optimizer.rule != "ftrl",
            "train: {} puts other weights into the model, which ftrl keeps in its state as well; "
            "choose another --optimizer",
            strategy.reload_best ? "--reload-best" : what);
  const bool gathers = name == "maml" || name == "mldg" || name == "pcgrad";
  CTR_CHECK(!gathers || options.task_balance == "fixed",
            "train: --task-balance {} follows the losses of ordinary steps; --strategy {} takes "
            "fixed weights",
            options.task_balance, name);
  CTR_CHECK(options.then_train.empty() || (!strategy.has_offsets() && strategy.trains_together()),
            "train: --then-train and --strategy {} do not go together", name);
  CTR_CHECK(options.then_train.empty() || options.trainable.empty(),
            "train: --then-train and --trainable both say what is trained; leave one out");
}

}  // namespace ctr
