#include "io/simulation.h"

#include <algorithm>
#include <cmath>

#include "engine/rng.h"

namespace ctr {

std::vector<double> normals(uint64_t seed, uint64_t stream, int64_t count) {
  const RandomStream random{seed, stream, 0};
  std::vector<double> values(static_cast<size_t>(count));
  for (size_t i = 0; i < values.size(); ++i) values[i] = random.normal(i);
  return values;
}

double logistic(double x) { return 1.0 / (1.0 + std::exp(-x)); }

std::map<std::string, double> best_facts(const std::vector<double>& probability,
                                         const std::vector<float>& label) {
  std::vector<size_t> order(probability.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return probability[a] != probability[b] ? probability[a] < probability[b] : a < b;
  });
  double negatives = 0, ordered = 0, positives = 0, loss = 0;
  for (size_t i : order) {
    bool click = label[i] > 0;
    ordered += click ? negatives : 0;
    positives += click ? 1 : 0;
    negatives += click ? 0 : 1;
    loss -= std::log(click ? probability[i] : 1 - probability[i]);
  }
  return {{"best_auc", ordered / (positives * negatives)},
          {"best_logloss", loss / static_cast<double>(order.size())}};
}

Tensor given_vectors(const std::vector<double>& values, int64_t width) {
  Tensor vectors({static_cast<int64_t>(values.size()) / width, width}, DType::f32);
  for (size_t i = 0; i < values.size(); ++i)
    vectors.data<float>()[i] = static_cast<float>(values[i]);
  return vectors;
}

}  // namespace ctr
