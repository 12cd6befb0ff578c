#pragma once
// A small dilated network whose numbers are a formula of their place: d = 8, ten items, two blocks,
// D = 1 and 4. Losses and gradient norms of it were computed by two independent implementations in
// double, and checked by central differences.

#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "models/model.h"

namespace ctr::closed_form {

constexpr int64_t kWidth = 8, kItems = 10;

// The e-th number of tensor p, in [−1, 1).
inline double number(uint64_t p, uint64_t e) {
  const uint64_t mixed = (p * 1000003 + e * 7919 + 17) * 2654435761 % (uint64_t{1} << 32);
  return static_cast<double>(mixed) / 0x1p31 - 1;
}

// Tensors are numbered in the layout [tap, in, out] and [in, out]; ours are (out, in, tap).
class Filler {
 public:
  explicit Filler(ParameterStore& store) : store_(store) {}

  // offset + factor · number, in our own order; only the first `count` where that is set.
  void plain(const std::string& name, uint64_t p, double factor, double offset = 0,
             int64_t count = -1) {
    double* data = at(name);
    if (data == nullptr) return;
    const int64_t all = count < 0 ? store_.find(name)->value.count() : count;
    for (int64_t e = 0; e < all; ++e)
      data[e] = offset + factor * number(p, static_cast<uint64_t>(e));
  }
  void transposed(const std::string& name, uint64_t p, double factor) {
    double* data = at(name);
    if (data == nullptr) return;
    const Tensor& value = store_.find(name)->value;
    const int64_t out = value.dim(0), in = value.dim(1),
                  taps = value.rank() == 3 ? value.dim(2) : 1;
    uint64_t e = 0;
    for (int64_t j = 0; j < taps; ++j)
      for (int64_t i = 0; i < in; ++i)
        for (int64_t o = 0; o < out; ++o) data[(o * in + i) * taps + j] = factor * number(p, e++);
  }
  // All parameters that the store has of the network and of both models' heads.
  void network() {
    plain("embedding/item", 0, 0.5, 0, kItems * kWidth);
    for (uint64_t b = 0; b < 2; ++b) {
      const std::string block = "block/" + std::to_string(b) + "/";
      for (uint64_t half = 0; half < 2; ++half) {
        const std::string n = std::to_string(half + 1);
        const uint64_t q = 1 + 8 * b + 4 * half, m = 19 + 8 * b + 4 * half;
        transposed(block + "conv" + n + "/weight", q, 0.3);
        plain(block + "conv" + n + "/bias", q + 1, 0.1);
        plain(block + "ln" + n + "/gamma", q + 2, 0.1, 1);
        plain(block + "ln" + n + "/beta", q + 3, 0.1);
        transposed(block + "mp" + n + "/down/0/weight", m, 0.2);
        plain(block + "mp" + n + "/down/0/bias", m + 1, 0.05);
        transposed(block + "mp" + n + "/up/0/weight", m + 2, 0.2);
        plain(block + "mp" + n + "/up/0/bias", m + 3, 0.05);
      }
    }
    transposed("head/weight", 17, 0.3);
    plain("head/bias", 18, 0.1);
    plain("target/weight", 35, 0.5);
  }

 private:
  double* at(const std::string& name) {
    Parameter* parameter = store_.find(name);
    return parameter == nullptr ? nullptr : parameter->value.data<double>();
  }

  ParameterStore& store_;
};

inline Tensor ids(const Shape& shape, const std::vector<int64_t>& values) {
  return Tensor::from<int64_t>(shape, values);
}

// √Σ g² of a parameter; 0 where it has none.
inline double norm(const Gradients& gradients, const ParameterStore& store,
                   const std::string& name) {
  const Gradient& gradient = gradients[*store.find(name)];
  if (gradient.empty()) return 0;
  const Tensor dense = gradient.is_rows() ? to_dense(gradient.rows()) : gradient.dense();
  double sum = 0;
  for (double g : dense.span<double>()) sum += g * g;
  return std::sqrt(sum);
}

struct Norm {
  std::string name;
  double expected;
};
inline void expect_norms(const Gradients& gradients, const ParameterStore& store,
                         const std::vector<Norm>& norms) {
  for (const Norm& one : norms)
    EXPECT_NEAR(norm(gradients, store, one.name), one.expected, 1e-8 * std::max(1.0, one.expected))
        << one.name;
}

}  // namespace ctr::closed_form
