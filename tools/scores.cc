#include "tools/scores.h"

#include <cmath>
#include <limits>
#include <optional>

#include "engine/allocator.h"
#include "engine/check.h"
#include "io/batch_loader.h"
#include "io/domain_rows.h"
#include "tools/metrics/ranking.h"

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

void collect(const Batch& batch, std::span<const Prediction> tasks, std::vector<Scores>& all) {
  all.resize(tasks.size());
  for (size_t t = 0; t < tasks.size(); ++t) {
    const Prediction& task = tasks[t];
    Scores& scores = all[t];
    scores.task = task.name;
    append<double>(scores.probability, task.probability, task.counted);
    append<double>(scores.label, task.label.cast(DType::f64), task.counted);
    if (batch.domain.defined()) append<int64_t>(scores.domain, batch.domain, task.counted);
    if (batch.group.defined()) append<int64_t>(scores.group, batch.group, task.counted);
  }
}

Metrics metrics_of(const std::vector<Scores>& all, int64_t domains) {
  std::vector<Metrics> tasks;
  for (const Scores& scores : all) {
    tasks.push_back(
        measure(scores.probability, scores.label, scores.domain, domains, scores.group));
    tasks.back().task = scores.task;
  }
  return tasks.size() == 1 ? tasks.front() : over_tasks(std::move(tasks));
}

void score_rows(BuiltModel& built, const Dataset& data, Split split,
                const std::optional<std::span<const uint32_t>>& rows, int64_t batch_size,
                const TakeScores& take) {
  NoGradient off;
  LoaderOptions options;
  options.batch_size = batch_size;
  options.rows = rows;
  BatchLoader loader(data, split, options);
  auto arena = std::make_shared<Arena>();
  AllocatorScope scope(arena);
  for (Batch batch; loader.next(batch);) take(batch, predicted(built, data, batch));
}

// The predictions of a split's rows, to be given out in their order.
class KeptPredictions {
 public:
  explicit KeptPredictions(int64_t rows) : rows_(static_cast<size_t>(rows)) {}

  void keep(std::span<const uint32_t> rows, std::span<const Prediction> tasks) {
    if (tasks_.empty())
      for (const Prediction& task : tasks)
        tasks_.push_back({task.name, std::vector<double>(rows_), std::vector<double>(rows_),
                          std::vector<int64_t>(task.counted.defined() ? rows_ : 0)});
    for (size_t t = 0; t < tasks.size(); ++t) {
      const Tensor label = tasks[t].label.cast(DType::f64);
      for (size_t i = 0; i < rows.size(); ++i) {
        const size_t row = rows[i];
        tasks_[t].probability[row] = tasks[t].probability.span<double>()[i];
        tasks_[t].label[row] = label.span<double>()[i];
        if (!tasks_[t].counted.empty())
          tasks_[t].counted[row] = tasks[t].counted.span<int64_t>()[i];
      }
    }
  }

  // Of `rows` rows from `first` on.
  std::vector<Prediction> of(size_t first, int64_t rows) const {
    auto part = [&]<class T>(const std::vector<T>& all) {
      return Tensor::from<T>({rows}, std::span(all).subspan(first, static_cast<size_t>(rows)));
    };
    std::vector<Prediction> predictions;
    for (const Task& task : tasks_)
      predictions.push_back({task.name, part(task.probability), part(task.label),
                             task.counted.empty() ? Tensor() : part(task.counted)});
    return predictions;
  }

 private:
  struct Task {
    std::string name;
    std::vector<double> probability, label;
    std::vector<int64_t> counted;  // empty: all are
  };
  size_t rows_;
  std::vector<Task> tasks_;
};

}  // namespace

void score_batches(BuiltModel& built, const Dataset& data, Split split, int64_t batch_size,
                   const TakeScores& take) {
  DomainWeights* weights = built.domain_weights();
  if (weights == nullptr || data.rows(split) == 0)
    return score_rows(built, data, split, std::nullopt, batch_size, take);
  KeptPredictions kept(data.rows(split));
  const DomainRows by_domain(data, split);
  for (const int64_t domain : by_domain.present()) {
    weights->put(domain);
    std::span<const uint32_t> rows = by_domain.of(domain);
    score_rows(built, data, split, rows, batch_size,
               [&](const Batch& batch, std::span<const Prediction> tasks) {
                 const auto count = static_cast<size_t>(batch.rows);
                 kept.keep(rows.first(count), tasks);
                 rows = rows.subspan(count);
               });
  }
  weights->put(-1);
  LoaderOptions options;
  options.batch_size = batch_size;
  BatchLoader loader(data, split, options);
  size_t first = 0;
  for (Batch batch; loader.next(batch); first += static_cast<size_t>(batch.rows))
    take(batch, kept.of(first, batch.rows));
}

std::vector<Scores> score_tasks(BuiltModel& built, const Dataset& data, Split split,
                                int64_t batch_size) {
  std::vector<Scores> all(1);
  all[0].probability.reserve(static_cast<size_t>(data.rows(split)));
  score_batches(
      built, data, split, batch_size,
      [&](const Batch& batch, std::span<const Prediction> tasks) { collect(batch, tasks, all); });
  for (Scores& scores : all) scores.domain.resize(scores.probability.size(), 0);
  return all;
}

Scores score(BuiltModel& built, const Dataset& data, Split split, int64_t batch_size) {
  return score_tasks(built, data, split, batch_size).front();
}

ClickPlaces click_places(BuiltModel& built, const Dataset& data, Split split, int64_t batch_size,
                         int64_t samples, uint64_t seed) {
  NoGradient off;
  LoaderOptions options;
  options.batch_size = batch_size;
  BatchLoader loader(data, split, options);
  auto arena = std::make_shared<Arena>();
  AllocatorScope scope(arena);
  ClickPlaces all;
  RankRule rule{samples, seed, 0};
  double counted = 0;
  for (Batch batch; loader.next(batch); rule.first_row += batch.rows) {
    const ItemVectors vectors = built.model().item_vectors(batch);
    if (!vectors.user.defined()) break;
    const ItemPlaces found = places_of(vectors, batch, rule);
    for (int64_t place : found.place.span<int64_t>())
      if (place >= 0) all.places.push_back(place);
    for (double log_probability : found.log_probability.span<double>()) {
      if (std::isnan(log_probability)) continue;
      all.log_probability += log_probability;
      counted += 1;
    }
  }
  all.log_probability =
      counted > 0 ? all.log_probability / counted : std::numeric_limits<double>::quiet_NaN();
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

Metrics evaluate_rows(BuiltModel& built, const Dataset& data, Split split,
                      std::span<const uint32_t> rows, int64_t batch_size) {
  std::vector<Scores> all(1);
  score_rows(
      built, data, split, rows, batch_size,
      [&](const Batch& batch, std::span<const Prediction> tasks) { collect(batch, tasks, all); });
  return metrics_of(all, data.schema.domains);
}

Metrics evaluate(BuiltModel& built, const Dataset& data, Split split, int64_t batch_size,
                 Ranks ranks) {
  Metrics metrics = metrics_of(score_tasks(built, data, split, batch_size), data.schema.domains);
  const bool asked = ranks == Ranks::always || std::isnan(metrics.auc);
  // Where domains have weights of their own, no one model ranks all rows.
  if (!asked || built.domain_weights() != nullptr) return metrics;
  const ClickPlaces clicks = click_places(built, data, split, batch_size);
  if (clicks.places.empty()) return metrics;
  const int64_t ks[] = {1, 10};
  const Ranking ranking = rank_places(clicks.places, ks);
  metrics.ranking = {ranking.at[0].hit_rate, ranking.at[1].hit_rate, ranking.at[1].mrr,
                     ranking.at[1].ndcg};
  return metrics;
}

}  // namespace ctr
