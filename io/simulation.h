#pragma once
// What the simulated data sets share.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "engine/tensor.h"

namespace ctr {

// The first `count` standard normal numbers of a stream.
std::vector<double> normals(uint64_t seed, uint64_t stream, int64_t count);

// 1 / (1 + e^−x)
double logistic(double x);

// The facts best_auc (rank AUC, equal probabilities in the order of rows) and best_logloss of rows
// whose click probabilities are known.
std::map<std::string, double> best_facts(const std::vector<double>& probability,
                                         const std::vector<float>& label);

// Rows [n, width] as given vectors.
Tensor given_vectors(const std::vector<double>& values, int64_t width);

}  // namespace ctr
