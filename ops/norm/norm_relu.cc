#include "ops/norm/norm_relu.h"

#include <algorithm>

#include "engine/check.h"
#include "engine/math.h"
#include "engine/parallel.h"
#include "ops/registry.h"

namespace ctr {
namespace {

constexpr int kLanes = 8;

// Σ of f(i), in two rows of running sums: the order depends on `cols` alone.
template <class T, class F>
T row_sum(int64_t cols, const F& f) {
  T even[kLanes] = {}, odd[kLanes] = {};
  const int64_t full = cols / (2 * kLanes) * (2 * kLanes);
  for (int64_t i = 0; i < full; i += 2 * kLanes) {
#pragma omp simd
    for (int k = 0; k < kLanes; ++k) even[k] += f(i + k);
#pragma omp simd
    for (int k = 0; k < kLanes; ++k) odd[k] += f(i + kLanes + k);
  }
  for (int64_t i = full; i < cols; ++i) even[i % kLanes] += f(i);
#pragma omp simd
  for (int k = 0; k < kLanes; ++k) even[k] += odd[k];
  return ((even[0] + even[4]) + (even[2] + even[6])) + ((even[1] + even[5]) + (even[3] + even[7]));
}

// What both passes read.
template <class T>
struct Rows {
  int64_t rows, cols;
  const T* x;
  const T* gamma;
  const T* beta;
};

// y; and of each row μ and 1 / √(σ² + ε).
template <class T>
void forward(const Rows<T>& r, T epsilon, const T* rest, T* y, T* means, T* slopes) {
  const auto count = static_cast<T>(r.cols);
  parallel_rows(r.rows, r.cols, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const T* x = r.x + row * r.cols;
      const T* beside = rest == nullptr ? nullptr : rest + row * r.cols;
      const T mean = row_sum<T>(r.cols, [=](int64_t i) { return x[i]; }) / count;
      const T variance =
          row_sum<T>(r.cols, [=](int64_t i) { return (x[i] - mean) * (x[i] - mean); }) / count;
      const T slope = T(1) / math::sqrt(variance + epsilon);
      means[row] = mean;
      slopes[row] = slope;
      T* to = y + row * r.cols;
#pragma omp simd
      for (int64_t i = 0; i < r.cols; ++i) {
        const T before = r.gamma[i] * ((x[i] - mean) * slope) + r.beta[i];
        to[i] = before > T(0) ? before : T(0);
      }
      if (beside == nullptr) continue;
#pragma omp simd
      for (int64_t i = 0; i < r.cols; ++i) to[i] += beside[i];
    }
  });
}

// One row: dx, and what it adds to dγ and dβ. g [cols] holds the gradient behind the ReLU.
template <class T>
void backward_row(const Rows<T>& r, const T* x, T mean, T slope, const T* dy, T* g, T* dx,
                  T* dgamma, T* dbeta) {
  const int64_t cols = r.cols;
  const T* gamma = r.gamma;
#pragma omp simd
  for (int64_t i = 0; i < cols; ++i) {
    const T normal = (x[i] - mean) * slope;
    g[i] = gamma[i] * normal + r.beta[i] > T(0) ? dy[i] : T(0);
    dgamma[i] += g[i] * normal;
    dbeta[i] += g[i];
  }
  if (dx == nullptr) return;
  const auto count = static_cast<T>(cols);
  const T sum = row_sum<T>(cols, [=](int64_t i) { return gamma[i] * g[i]; }) / count;
  const T along =
      row_sum<T>(cols, [=](int64_t i) { return gamma[i] * g[i] * ((x[i] - mean) * slope); }) /
      count;
#pragma omp simd
  for (int64_t i = 0; i < cols; ++i)
    dx[i] = slope * (gamma[i] * g[i] - sum - (x[i] - mean) * slope * along);
}

// dx where it is not null; dγ and dβ: blocks of rows of one size, each summed in their order.
template <class T>
void backward(const Rows<T>& r, const T* means, const T* slopes, const T* dy, T* dx, T* dgamma,
              T* dbeta) {
  constexpr int64_t kBlock = 64;
  const int64_t blocks = std::max<int64_t>(1, (r.rows + kBlock - 1) / kBlock);
  Tensor sums = Tensor::zeros({blocks, 3, r.cols}, dtype_of<T>());
  parallel_rows(blocks, kBlock * r.cols, [&](int64_t begin, int64_t end) {
    for (int64_t block = begin; block < end; ++block) {
      T* own = sums.data<T>() + block * 3 * r.cols;
      const int64_t last = std::min(r.rows, (block + 1) * kBlock);
      for (int64_t row = block * kBlock; row < last; ++row)
        backward_row(r, r.x + row * r.cols, means[row], slopes[row], dy + row * r.cols,
                     own + 2 * r.cols, dx == nullptr ? nullptr : dx + row * r.cols, own,
                     own + r.cols);
    }
  });
  std::fill_n(dgamma, r.cols, T(0));
  std::fill_n(dbeta, r.cols, T(0));
  for (int64_t block = 0; block < blocks; ++block) {
    const T* own = sums.data<T>() + block * 3 * r.cols;
    for (int64_t i = 0; i < r.cols; ++i) {
      dgamma[i] += own[i];
      dbeta[i] += own[r.cols + i];
    }
  }
}

}  // namespace

Var norm_relu(const Var& x, const Var& gamma, const Var& beta, const Var& rest, double epsilon) {
  CTR_CHECK(x.rank() >= 1 && x.dim(-1) > 0 && gamma.value().count() == x.dim(-1) &&
                beta.value().count() == x.dim(-1) && gamma.dtype() == x.dtype() &&
                beta.dtype() == x.dtype(),
            "norm_relu: gamma {} {} and beta {} {} must hold one number per element of the last "
            "axis of x {} {}",
            gamma.dtype(), gamma.shape(), beta.dtype(), beta.shape(), x.dtype(), x.shape());
  CTR_CHECK(!rest.defined() || (rest.shape() == x.shape() && rest.dtype() == x.dtype()),
            "norm_relu: rest {} {} must have the shape of x {} {}", rest.dtype(), rest.shape(),
            x.dtype(), x.shape());
  const int64_t cols = x.dim(-1), rows = x.value().count() / cols;
  Tensor y(x.shape(), x.dtype()), mean({rows}, x.dtype()), slope({rows}, x.dtype());
  auto rows_of = [rows, cols, xv = x.value(), gv = gamma.value(), bv = beta.value()](auto zero) {
    using T = decltype(zero);
    return Rows<T>{rows, cols, xv.template data<T>(), gv.template data<T>(), bv.template data<T>()};
  };
  visit_float(x.dtype(), "norm_relu", [&](auto zero) {
    using T = decltype(zero);
    forward<T>(rows_of(zero), static_cast<T>(epsilon),
               rest.defined() ? rest.value().data<T>() : nullptr, y.data<T>(), mean.data<T>(),
               slope.data<T>());
  });
  auto back = [rows_of, mean, slope, cols](const Tensor& dy, GradientSink& sink) {
    Tensor dx, dgamma({cols}, dy.dtype()), dbeta({cols}, dy.dtype());
    if (sink.needs(0)) dx = Tensor(dy.shape(), dy.dtype());
    visit_float(dy.dtype(), "norm_relu", [&](auto zero) {
      using T = decltype(zero);
      backward<T>(rows_of(zero), mean.data<T>(), slope.data<T>(), dy.data<T>(),
                  dx.defined() ? dx.data<T>() : nullptr, dgamma.data<T>(), dbeta.data<T>());
    });
    if (sink.needs(0)) sink.put(0, dx);
    if (sink.needs(1)) sink.put(1, dgamma);
    if (sink.needs(2)) sink.put(2, dbeta);
    if (sink.needs(3)) sink.put(3, dy);
  };
  return record("norm_relu", y, {x, gamma, beta, rest}, back);
}

OpInfo op_norm_relu() {
  auto call = [](const OpArguments& a) {
    return std::vector<Var>{norm_relu(a.inputs[0], a.inputs[1], a.inputs[2],
                                      a.inputs.size() > 3 ? a.inputs[3] : Var(),
                                      a.number("epsilon", 1e-5))};
  };
  return {.name = "norm_relu",
          .formula = "y = r + max(0, gamma (x - mean) / sqrt(var + eps) + beta) over the last axis",
          .inputs = {"x", "gamma", "beta", "rest?"},
          .constants = {},
          .attributes = {"epsilon"},
          .call = call,
          .cases = {{"odd sizes", {{3, 7}, {7}, {7}, {3, 7}}},
                    {"three axes, nothing beside", {{2, 3, 5}, {5}, {5}}},
                    {"wide", {{3, 37}, {37}, {37}, {3, 37}}},
                    {"blocks of rows", {{131, 3}, {3}, {3}}},
                    {"one row", {{1, 4}, {4}, {4}}, {}, {{"epsilon", "0.1"}}},
                    {"empty", {{0, 4}, {4}, {4}, {0, 4}}}},
          .refused = {{"gamma", {{3, 7}, {6}, {7}}, {}, {}, "norm_relu: gamma f64 [6]"},
                      {"rest",
                       {{3, 7}, {7}, {7}, {7}},
                       {},
                       {},
                       "norm_relu: rest f64 [7] must have the shape of x f64 [3,7]"}},
          .devices = {Device::cpu}};
}

}  // namespace ctr
