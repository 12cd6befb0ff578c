#include "ops/norm/column_norm.h"

#include "engine/check.h"
#include "engine/launch.h"
#include "ops/elementwise/elementwise.h"
#include "ops/norm/column_norm_bodies.h"
#include "ops/registry.h"

namespace ctr {
namespace {

// Positions of the inputs.
enum : int { kX, kGate, kGamma, kBeta };

struct Kept {
  Tensor x, mean, gate, gamma, r, scale;
  double epsilon;
  bool of_batch;
  int64_t rows, cols;
};

template <class T>
const T* data_or_null(const Tensor& tensor) {
  return tensor.defined() ? tensor.data<T>() : nullptr;
}

Tensor columns_like(const Kept& kept) {
  return Tensor({kept.cols}, kept.x.dtype(), kept.x.device());
}

void backward_of(const Kept& kept, const Tensor& dy, GradientSink& sink) {
  const Device device = dy.device();
  const int64_t rows = kept.rows, cols = kept.cols;
  const Tensor sum_dy = column_sum(dy, cols);
  Tensor s = columns_like(kept), dgamma = columns_like(kept), dgate = columns_like(kept);
  Tensor centre = columns_like(kept), slope = columns_like(kept);
  visit_float(dy.dtype(), "batch_norm", [&](auto zero) {
    using T = decltype(zero);
    const T* x = kept.x.data<T>();
    const T* mean = kept.mean.data<T>();
    reduce_cols(device, rows, cols, ColumnProduct<T>{x, mean, dy.data<T>(), s.data<T>(), cols});
    for_each(
        device, cols,
        ColumnGradients<T>{s.data<T>(), sum_dy.data<T>(), kept.r.data<T>(),
                           data_or_null<T>(kept.gate), data_or_null<T>(kept.gamma),
                           dgamma.data<T>(), dgate.data<T>(), centre.data<T>(), slope.data<T>(),
                           static_cast<T>(kept.epsilon), static_cast<T>(rows), kept.of_batch});
    if (!sink.needs(kX)) return;
    Tensor dx = dy.unique() ? dy : Tensor(dy.shape(), dy.dtype(), device);
    for_each_2d(device, rows, cols,
                NormaliseColumnsBackward<T>{x, mean, kept.scale.data<T>(), dy.data<T>(),
                                            centre.data<T>(), slope.data<T>(), dx.data<T>(), cols});
    sink.put(kX, dx);
  });
  if (kept.gate.defined()) sink.put(kGate, dgate);
  if (!kept.gamma.defined()) return;
  sink.put(kGamma, dgamma);
  sink.put(kBeta, sum_dy);
}

}  // namespace

ColumnStatistics column_statistics(const Tensor& x) {
  CTR_CHECK(x.rank() >= 1, "column_statistics: x must have an axis, got {}", x.shape());
  const int64_t cols = x.dim(-1), rows = cols == 0 ? 0 : x.count() / cols;
  Tensor mean({cols}, x.dtype(), x.device()), variance({cols}, x.dtype(), x.device());
  visit_float(x.dtype(), "batch_norm", [&](auto zero) {
    using T = decltype(zero);
    const T count = static_cast<T>(rows);
    reduce_cols(x.device(), rows, cols, ColumnMean<T>{x.data<T>(), mean.data<T>(), cols, count});
    reduce_cols(x.device(), rows, cols,
                ColumnVariance<T>{x.data<T>(), mean.data<T>(), variance.data<T>(), cols, count});
  });
  return {mean, variance};
}

void move_running(RunningStatistics& running, const ColumnStatistics& batch, int64_t count,
                  const Tensor& gate) {
  visit_float(batch.mean.dtype(), "batch_norm", [&](auto zero) {
    using T = decltype(zero);
    const T m = static_cast<T>(running.momentum);
    const T unbiased = static_cast<T>(count) / static_cast<T>(count - 1);
    for (int64_t c = 0; c < batch.mean.count(); ++c) {
      const T g = gate.defined() ? gate.data<T>()[c] : T(1);
      T& kept_mean = running.mean.data<T>()[c];
      T& kept_variance = running.variance.data<T>()[c];
      kept_mean = (T(1) - m) * kept_mean + m * g * batch.mean.data<T>()[c];
      kept_variance =
          (T(1) - m) * kept_variance + m * unbiased * g * g * batch.variance.data<T>()[c];
    }
  });
}

Var normalise_columns(const Var& x, const ColumnStatistics& statistics, const ColumnNorm& norm) {
  const int64_t cols = x.dim(-1), rows = cols == 0 ? 0 : x.value().count() / cols;
  Kept kept{x.value(),
            statistics.mean,
            norm.gate.value(),
            norm.gamma.value(),
            {},
            {},
            norm.epsilon,
            norm.of_batch,
            rows,
            cols};
  kept.r = columns_like(kept);
  kept.scale = columns_like(kept);
  Tensor y(x.shape(), x.dtype(), x.device());
  visit_float(x.dtype(), "batch_norm", [&](auto zero) {
    using T = decltype(zero);
    for_each(x.device(), cols,
             ColumnScale<T>{statistics.variance.data<T>(), data_or_null<T>(kept.gate),
                            data_or_null<T>(kept.gamma), kept.r.data<T>(), kept.scale.data<T>(),
                            static_cast<T>(norm.epsilon)});
    for_each_2d(
        x.device(), rows, cols,
        NormaliseColumns<T>{x.value().data<T>(), statistics.mean.data<T>(), kept.scale.data<T>(),
                            data_or_null<T>(norm.beta.value()), y.data<T>(), cols});
  });
  return record("batch_norm", y, {x, norm.gate, norm.gamma, norm.beta},
                [kept](const Tensor& dy, GradientSink& sink) { backward_of(kept, dy, sink); });
}

Var gated_batch_norm(const Var& x, const ColumnStatistics& of_x, const Var& gate, const Var& gamma,
                     const Var& beta, RunningStatistics* running, double epsilon) {
  const int64_t cols = x.rank() == 0 ? 0 : x.dim(-1);
  bool fits = cols > 0 && of_x.mean.count() == cols && of_x.variance.count() == cols;
  for (const Var* one : {&gate, &gamma, &beta})
    fits = fits && one->value().count() == cols && one->dtype() == x.dtype();
  CTR_CHECK(fits,
            "gated_batch_norm: gate {} gamma {} beta {} and statistics {} must hold one {} number "
            "for each column of x {}",
            gate.shape(), gamma.shape(), beta.shape(), of_x.mean.shape(), x.dtype(), x.shape());
  const int64_t rows = x.value().count() / cols;
  CTR_CHECK(rows > 1,
            "gated_batch_norm: training needs more than one row, x is {}; use a larger batch",
            x.shape());
  if (running != nullptr) move_running(*running, of_x, rows, gate.value());
  return normalise_columns(x, of_x, {gate, gamma, beta, epsilon, true});
}

OpInfo op_gated_batch_norm() {
  auto call = [](const OpArguments& a) {
    const Var& x = a.inputs[0];
    return std::vector<Var>{gated_batch_norm(x, column_statistics(x.value()), a.inputs[1],
                                             a.inputs[2], a.inputs[3], nullptr,
                                             a.number("epsilon", 1e-5))};
  };
  return {.name = "gated_batch_norm",
          .formula = "y = gamma g (x - mean_c) / sqrt(g^2 var_c + eps) + beta per column",
          .inputs = {"x", "gate", "gamma", "beta"},
          .constants = {},
          .attributes = {"epsilon"},
          .call = call,
          // With a large ε the gate does not vanish from y.
          .cases = {{"odd sizes", {{7, 3}, {3}, {3}, {3}}, {}, {{"epsilon", "0.5"}}},
                    {"three axes", {{3, 2, 5}, {5}, {5}, {5}}, {}, {{"epsilon", "0.5"}}},
                    {"several blocks", {{131, 9}, {9}, {9}, {9}}, {}, {{"epsilon", "0.1"}}}},
          .refused = {{"one row",
                       {{1, 3}, {3}, {3}, {3}},
                       {},
                       {},
                       "gated_batch_norm: training needs more than one row"},
                      {"empty",
                       {{0, 3}, {3}, {3}, {3}},
                       {},
                       {},
                       "gated_batch_norm: training needs more than one row"},
                      {"gate",
                       {{5, 3}, {4}, {3}, {3}},
                       {},
                       {},
                       "gated_batch_norm: gate [4] gamma [3] beta [3]"}}};
}

}  // namespace ctr
