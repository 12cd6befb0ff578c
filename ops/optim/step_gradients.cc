#include "ops/optim/step_gradients.h"

#include <cmath>

#include "engine/launch.h"
#include "ops/optim/gradient_bodies.h"

namespace ctr {
namespace {

// g + λ w in memory of its own: a gradient may share its buffer with others.
Tensor with_penalty(const Tensor& gradient, const Tensor& weight, double lambda) {
  Tensor sum(weight.shape(), weight.dtype(), weight.device());
  visit_float(weight.dtype(), "penalty", [&](auto zero) {
    using T = decltype(zero);
    for_each(weight.device(), weight.count(),
             PenaltyUpdate<T>{gradient.data<T>(), weight.data<T>(), sum.data<T>(),
                              static_cast<T>(lambda)});
  });
  return sum;
}

// The same for touched rows, in place: nobody else holds what coalesce made.
void add_penalty(CoalescedRows& rows, const Tensor& weight, double lambda) {
  visit_float(weight.dtype(), "penalty", [&](auto zero) {
    using T = decltype(zero);
    const int64_t width = rows.values.dim(1);
    for_each_2d(weight.device(), rows.ids.count(), width,
                PenaltyRowUpdate<T>{rows.ids.data<int64_t>(), weight.data<T>(),
                                    rows.values.data<T>(), width, static_cast<T>(lambda)});
  });
}

double sum_of_squares(const Tensor& values) {
  constexpr int64_t kChunk = 4096;
  const int64_t chunks = (values.count() + kChunk - 1) / kChunk;
  if (chunks == 0) return 0;
  Tensor sums({chunks}, DType::f64, values.device());
  visit_float(values.dtype(), "norm", [&](auto zero) {
    using T = decltype(zero);
    reduce_rows(values.device(), chunks, kChunk,
                SumOfSquares<T>{values.data<T>(), sums.data<double>(), values.count(), kChunk});
  });
  double sum = 0;
  for (double part : sums.span<double>()) sum += part;
  return sum;
}

Tensor scaled(const Tensor& values, double factor) {
  Tensor result(values.shape(), values.dtype(), values.device());
  visit_float(values.dtype(), "clip", [&](auto zero) {
    using T = decltype(zero);
    for_each(values.device(), values.count(),
             ScaleGradient<T>{values.data<T>(), result.data<T>(), static_cast<T>(factor)});
  });
  return result;
}

}  // namespace

StepGradients gather_gradients(const ParameterStore& store, const Gradients& gradients, bool lazy,
                               const Penalty& penalty) {
  StepGradients result;
  StepVector<const RowGradient*> by_row;
  StepVector<size_t> place;  // of each in `result`
  for (const auto& parameter : store.all()) {
    if (parameter->frozen) continue;
    const Gradient& gradient = gradients[*parameter];
    const double lambda = parameter->table ? penalty.table : penalty.net;
    if (gradient.empty() && (lambda == 0 || (parameter->table && lazy))) continue;
    StepGradient step{parameter.get(), {}, {}};
    if (gradient.is_rows() && lazy) {
      by_row.push_back(&gradient.rows());
      place.push_back(result.size());
    } else {
      const Tensor& weight = parameter->value;
      step.dense = gradient.empty()     ? Tensor::zeros(weight.shape(), weight.dtype())
                   : gradient.is_rows() ? to_dense(gradient.rows())
                                        : gradient.dense();
      if (lambda != 0) step.dense = with_penalty(step.dense, weight, lambda);
    }
    result.push_back(std::move(step));
  }
  StepVector<CoalescedRows> rows = coalesce(by_row);
  for (size_t i = 0; i < rows.size(); ++i) {
    StepGradient& step = result[place[i]];
    step.rows = std::move(rows[i]);
    const double lambda = step.parameter->table ? penalty.table : penalty.net;
    if (lambda != 0) add_penalty(step.rows, step.parameter->value, lambda);
  }
  return result;
}

double global_norm(const StepGradients& gradients) {
  double sum = 0;
  for (const StepGradient& gradient : gradients) sum += sum_of_squares(gradient.values());
  return std::sqrt(sum);
}

double clip(StepGradients& gradients, double norm, double most) {
  const double factor = most / (norm + 1e-6);
  if (!(factor < 1)) return 1;
  for (StepGradient& gradient : gradients) {
    Tensor& values = gradient.is_rows() ? gradient.rows.values : gradient.dense;
    values = scaled(values, factor);
  }
  return factor;
}

}  // namespace ctr
