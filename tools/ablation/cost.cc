#include "tools/ablation/cost.h"

#include <algorithm>
#include <array>

#include "engine/allocator.h"
#include "engine/profile.h"
#include "io/batch_loader.h"
#include "tools/sweep/sweep.h"
#include "tools/train_step.h"

namespace ctr {
namespace {

void count_parameters(const ParameterStore& store, VariantCost& cost) {
  for (const auto& parameter : store.all()) {
    if (parameter->state) continue;
    const int64_t count = parameter->value.count();
    cost.parameters += count;
    if (parameter->frozen) continue;
    cost.trained += count;
    if (parameter->table || parameter->name.find("embedding/") != std::string::npos)
      cost.tables += count;
  }
}

Batch first_batch(const PlannedRun& run, const Dataset& data) {
  LoaderOptions options;
  options.batch_size = run.train.batch_size;
  options.shuffle = true;
  options.seed = static_cast<uint64_t>(run.train.seed);
  options.workers = 0;
  BatchLoader loader(data, Split::train, options);
  Batch batch;
  loader.next(batch);
  return batch;
}

// Two steps, the second of them measured. Models that count have none.
void measure_step(const PlannedRun& run, const Dataset& data, BuiltModel& built, const Batch& batch,
                  const Arena& arena, VariantCost& cost) {
  Optimizer optimizer(run.train.optimizer);
  if (built.model().counts()) {
    built.model().observe(batch);
  } else {
    TrainStep step(built, data.schema, optimizer, run.train.clip_norm, [](NonFinite&) {});
    step({&batch, 1}, 0);
    const Profile profile;
    step({&batch, 1}, 1);
    cost.step_flop = profile.flop() / static_cast<double>(std::max<int64_t>(1, batch.rows));
    built.store().catch_up();
  }
  cost.memory = arena.bytes_reserved();
  for (const auto& parameter : built.store().all()) cost.memory += parameter->value.bytes();
  for (const auto& [name, value] : optimizer.state()) cost.memory += value.bytes();
}

}  // namespace

double VariantCost::generated_bytes_per_row() const {
  return rows == 0 ? 0 : static_cast<double>(generated_bytes) / static_cast<double>(rows);
}

VariantCost measure_cost(const PlannedRun& run, const Dataset& data) {
  VariantCost cost;
  const std::unique_ptr<BuiltModel> built = built_run(run, data);
  count_parameters(built->store(), cost);
  const Batch batch = first_batch(run, data);
  cost.rows = batch.rows;
  const double per_row = batch.rows > 0 ? 1 / static_cast<double>(batch.rows) : 0;
  const auto arena = std::make_shared<Arena>();
  const AllocatorScope scope(arena);
  Mode& mode = built->store().mode();
  mode.training = true;
  measure_step(run, data, *built, batch, *arena, cost);
  {
    const Profile profile;
    const Tape tape;
    built->model().logits(batch);
    cost.forward_flop = profile.flop() * per_row;
    cost.generated_bytes = profile.generated_bytes();
  }
  mode.training = false;
  const NoGradient off;
  built->model().logits(batch);  // folds and keeps
  const Profile profile;
  built->model().logits(batch);
  cost.predict_flop = profile.flop() * per_row;
  return cost;
}

}  // namespace ctr
