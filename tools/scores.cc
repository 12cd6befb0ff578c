#include "tools/scores.h"

#include "engine/allocator.h"
#include "engine/check.h"
#include "io/batch_loader.h"

namespace ctr {
namespace {

// The rows of `from` that the task is judged on.
template <class U, class T>
void append(std::vector<T>& to, const Tensor& from, const Tensor& counted) {
  const std::span<const U> values = from.span<U>();
  if (!counted.defined()) {
    to.insert(to.end(), values.begin(), values.end());
    return;
  }
  const std::span<const int64_t> counts = counted.span<int64_t>();
  for (size_t i = 0; i < values.size(); ++i)
    if (counts[i] != 0) to.push_back(static_cast<T>(values[i]));
}

// Of at least one task.
std::vector<Prediction> predicted(BuiltModel& built, const Dataset& data, const Batch& batch) {
  std::vector<Prediction> tasks = built.model().predictions(built.model().logits(batch), batch);
  CTR_CHECK(!tasks.empty(),
            "the model scores no row of '{}': the data needs a field with the role item whose "
            "table the sequence shares (docs/data.md, Fields)",
            data.schema.name);
  return tasks;
}

}  // namespace

void score_batches(
    BuiltModel& built, const Dataset& data, Split split, int64_t batch_size,
    const std::function<void(const Batch& batch, std::span<const Prediction> tasks)>& take) {
  NoGradient off;
  LoaderOptions options;
  options.batch_size = batch_size;
  BatchLoader loader(data, split, options);
  auto arena = std::make_shared<Arena>();
  AllocatorScope scope(arena);
  for (Batch batch; loader.next(batch);) take(batch, predicted(built, data, batch));
}

std::vector<Scores> score_tasks(BuiltModel& built, const Dataset& data, Split split,
                                int64_t batch_size) {
  std::vector<Scores> all(1);
  all[0].probability.reserve(static_cast<size_t>(data.rows(split)));
  score_batches(built, data, split, batch_size,
                [&](const Batch& batch, std::span<const Prediction> tasks) {
                  all.resize(tasks.size());
                  for (size_t t = 0; t < tasks.size(); ++t) {
                    const Prediction& task = tasks[t];
                    Scores& scores = all[t];
                    scores.task = task.name;
                    append<double>(scores.probability, task.probability, task.counted);
                    append<double>(scores.label, task.label.cast(DType::f64), task.counted);
                    if (batch.domain.defined())
                      append<int64_t>(scores.domain, batch.domain, task.counted);
                    if (batch.group.defined())
                      append<int64_t>(scores.group, batch.group, task.counted);
                  }
                });
  for (Scores& scores : all) scores.domain.resize(scores.probability.size(), 0);
  return all;
}

Scores score(BuiltModel& built, const Dataset& data, Split split, int64_t batch_size) {
  return score_tasks(built, data, split, batch_size).front();
}

std::vector<int64_t> item_places(BuiltModel& built, const Dataset& data, Split split,
                                 int64_t batch_size) {
  NoGradient off;
  LoaderOptions options;
  options.batch_size = batch_size;
  BatchLoader loader(data, split, options);
  auto arena = std::make_shared<Arena>();
  AllocatorScope scope(arena);
  std::vector<int64_t> all;
  for (Batch batch; loader.next(batch);) {
    const Tensor places = built.model().item_places(batch);
    CTR_CHECK(places.defined(), "the model does not score all items of '{}'; leave --rank-all out",
              data.schema.name);
    for (int64_t place : places.span<int64_t>())
      if (place >= 0) all.push_back(place);
  }
  return all;
}

std::vector<std::string> task_names(BuiltModel& built, const Dataset& data, Split split) {
  NoGradient off;
  LoaderOptions options;
  options.batch_size = 1;
  BatchLoader loader(data, split, options);
  Batch batch;
  std::vector<std::string> names;
  if (!loader.next(batch)) return names;
  for (const Prediction& task : predicted(built, data, batch)) names.push_back(task.name);
  return names;
}

Metrics evaluate(BuiltModel& built, const Dataset& data, Split split, int64_t batch_size) {
  std::vector<Metrics> tasks;
  for (const Scores& scores : score_tasks(built, data, split, batch_size)) {
    tasks.push_back(measure(scores.probability, scores.label, scores.domain, data.schema.domains,
                            scores.group));
    tasks.back().task = scores.task;
  }
  return tasks.size() == 1 ? tasks.front() : over_tasks(std::move(tasks));
}

}  // namespace ctr
