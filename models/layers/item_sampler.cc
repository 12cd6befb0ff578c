#include "models/layers/item_sampler.h"

#include <algorithm>
#include <cmath>

#include "engine/check.h"

namespace ctr {

AliasTable::AliasTable(std::span<const double> weights)
    : stay_(weights.begin(), weights.end()), other_(weights.size()) {
  double sum = 0;
  for (const double weight : weights) {
    CTR_CHECK(std::isfinite(weight) && weight >= 0,
              "alias table: weights must be finite and not negative, got {}", weight);
    sum += weight;
  }
  CTR_CHECK(sum > 0, "alias table: the {} weights sum up to {}", weights.size(), sum);
  StepVector<size_t> small, large;
  for (size_t i = 0; i < stay_.size(); ++i) {
    stay_[i] *= static_cast<double>(stay_.size()) / sum;
    other_[i] = static_cast<int64_t>(i);
    (stay_[i] < 1 ? small : large).push_back(i);
  }
  while (!small.empty() && !large.empty()) {
    const size_t low = small.back(), high = large.back();
    small.pop_back();
    other_[low] = static_cast<int64_t>(high);
    stay_[high] -= 1 - stay_[low];
    if (stay_[high] >= 1) continue;
    large.pop_back();
    small.push_back(high);
  }
  for (const size_t i : small) stay_[i] = 1;  // but for rounding
  for (const size_t i : large) stay_[i] = 1;
}

int64_t AliasTable::draw(const RandomStream& random, uint64_t element) const {
  const double at = random.uniform(element) * static_cast<double>(stay_.size());
  const size_t cell = std::min(static_cast<size_t>(at), stay_.size() - 1);
  return at - static_cast<double>(cell) < stay_[cell] ? static_cast<int64_t>(cell) : other_[cell];
}

double log_expected_count(double p, int64_t size, int64_t tries) {
  if (tries == size) return std::log(static_cast<double>(size) * p);
  return std::log(-std::expm1(static_cast<double>(tries) * std::log1p(-p)));
}

double log_uniform_probability(int64_t c, int64_t n) {
  return std::log1p(1 / static_cast<double>(c + 1)) / std::log1p(static_cast<double>(n));
}

ItemSampler::ItemSampler(const NextItemOptions& options, int64_t items)
    : kind_(options.sampler),
      items_(items),
      size_(options.samples > 0 ? options.samples : std::max<int64_t>(1, items / 5)),
      power_(options.count_power),
      corrects_(options.correct_samples) {
  CTR_CHECK(items >= 2, "item sampler: there is no item but id 0 among {}", items);
  if (kind_ == "log-uniform" || kind_ == "uniform") size_ = std::min(size_, items - 1);
}

bool ItemSampler::counts() const { return kind_ == "counts" || kind_ == "in-batch"; }

double ItemSampler::probability(int64_t item) const {
  const int64_t n = items_ - 1;
  return kind_ == "uniform" ? 1 / static_cast<double>(n) : log_uniform_probability(item - 1, n);
}

namespace {

ItemSample sample_of(std::span<const int64_t> ids, const Tensor& target) {
  ItemSample sample;
  sample.ids = Tensor::from<int64_t>({static_cast<int64_t>(ids.size())}, ids);
  sample.log_expected = Tensor::zeros({sample.ids.count()}, DType::f64);
  sample.of_target = Tensor::zeros({target.count()}, DType::f64);
  return sample;
}

// ln Q(id) of the sample and of the targets that are items.
template <class F>
void correct(const Tensor& target, ItemSample& sample, const F& log_expected) {
  for (int64_t i = 0; i < sample.ids.count(); ++i)
    sample.log_expected.data<double>()[i] = log_expected(sample.ids.data<int64_t>()[i]);
  for (int64_t i = 0; i < target.count(); ++i) {
    const int64_t id = target.data<int64_t>()[i];
    if (id > 0) sample.of_target.data<double>()[i] = log_expected(id);
  }
}

}  // namespace

ItemSample ItemSampler::drawn_distinct(const RandomStream& random, const Tensor& target) const {
  const int64_t n = items_ - 1;
  const double log_n = std::log1p(static_cast<double>(n));
  StepVector<int64_t> ids;
  StepVector<char> seen(static_cast<size_t>(n), 0);
  int64_t tries = 0;
  while (static_cast<int64_t>(ids.size()) < size_) {
    const auto element = static_cast<uint64_t>(tries++);
    int64_t c = kind_ == "uniform"
                    ? static_cast<int64_t>(random.below(static_cast<uint64_t>(n), element))
                    : static_cast<int64_t>(std::exp(random.uniform(element) * log_n)) - 1;
    c = std::clamp<int64_t>(c, 0, n - 1);
    if (seen[static_cast<size_t>(c)] != 0) continue;
    seen[static_cast<size_t>(c)] = 1;
    ids.push_back(c + 1);
  }
  ItemSample sample = sample_of(ids, target);
  if (corrects_)
    correct(target, sample,
            [&](int64_t id) { return log_expected_count(probability(id), size_, tries); });
  return sample;
}

ItemSample ItemSampler::drawn_by_counts(const RandomStream& random, const Tensor& target,
                                        const Tensor& counts) const {
  const double power = kind_ == "in-batch" ? 1 : power_;
  StepVector<double> weights(static_cast<size_t>(items_), 0);
  double sum = 0;
  for (int64_t id = 1; id < items_; ++id) {
    const int64_t count = std::max<int64_t>(1, counts.data<int64_t>()[id]);
    sum += weights[static_cast<size_t>(id)] = std::pow(static_cast<double>(count), power);
  }
  StepVector<int64_t> ids;
  if (kind_ == "in-batch") {
    for (int64_t id : target.span<int64_t>())
      if (id > 0) ids.push_back(id);
  } else {
    const AliasTable table(weights);
    for (int64_t s = 0; s < size_; ++s) ids.push_back(table.draw(random, static_cast<uint64_t>(s)));
  }
  ItemSample sample = sample_of(ids, target);
  const auto size = static_cast<double>(ids.size());
  if (corrects_)
    correct(target, sample,
            [&](int64_t id) { return std::log(size * weights[static_cast<size_t>(id)] / sum); });
  return sample;
}

ItemSample ItemSampler::draw(const RandomStream& random, const Tensor& target,
                             const Tensor& counts) const {
  return this->counts() ? drawn_by_counts(random, target, counts) : drawn_distinct(random, target);
}

}  // namespace ctr
