#include "tools/scores.h"

#include <cmath>

#include "engine/allocator.h"
#include "io/batch_loader.h"

namespace ctr {
namespace {

template <class T, class U>
void append(std::vector<T>& to, const Tensor& from) {
  const std::span<const U> values = from.span<U>();
  to.insert(to.end(), values.begin(), values.end());
}

}  // namespace

void score_batches(
    BuiltModel& built, const Dataset& data, Split split, int64_t batch_size,
    const std::function<void(const Batch& batch, std::span<const double> probability)>& take) {
  NoGradient off;
  LoaderOptions options;
  options.batch_size = batch_size;
  BatchLoader loader(data, split, options);
  auto arena = std::make_shared<Arena>();
  AllocatorScope scope(arena);
  std::vector<double> probability;
  for (Batch batch; loader.next(batch);) {
    const Tensor logit = built.model().logit(batch).value().cast(DType::f64);
    probability.clear();
    for (double z : logit.span<double>()) probability.push_back(1 / (1 + std::exp(-z)));
    take(batch, probability);
  }
}

Scores score(BuiltModel& built, const Dataset& data, Split split, int64_t batch_size) {
  Scores scores;
  scores.probability.reserve(static_cast<size_t>(data.rows(split)));
  score_batches(
      built, data, split, batch_size, [&](const Batch& batch, std::span<const double> probability) {
        scores.probability.insert(scores.probability.end(), probability.begin(), probability.end());
        append<double, float>(scores.label, batch.label);
        if (batch.domain.defined()) append<int64_t, int64_t>(scores.domain, batch.domain);
        if (batch.group.defined()) append<int64_t, int64_t>(scores.group, batch.group);
      });
  scores.domain.resize(scores.probability.size(), 0);
  return scores;
}

Metrics evaluate(BuiltModel& built, const Dataset& data, Split split, int64_t batch_size) {
  const Scores scores = score(built, data, split, batch_size);
  return measure(scores.probability, scores.label, scores.domain, data.schema.domains,
                 scores.group);
}

}  // namespace ctr
