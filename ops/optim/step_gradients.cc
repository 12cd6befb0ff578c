#include "ops/optim/step_gradients.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "engine/check.h"
#include "engine/launch.h"
#include "engine/parallel.h"
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

constexpr int64_t kChunk = 4096;

double sum_of_squares(const Tensor& values) {
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

// The same for a table in which all rows but these are 0, in the order of the dense sum: eight
// running values for each chunk of elements, combined pairwise, then the chunks in turn. What is 0
// adds nothing to any of them.
class SparseSquares {
 public:
  template <class T>
  void add(int64_t element, const T* values, int64_t count) {
    while (count > 0) {
      if (element / kChunk != chunk_) close();
      chunk_ = element / kChunk;
      const int64_t lane = element % kLanes, here = std::min(kLanes - lane, count);
      if (here == kLanes) {  // a loop that vectorises
        for (int64_t k = 0; k < kLanes; ++k) lanes_[k] += square(values[k]);
      } else {
        for (int64_t k = 0; k < here; ++k) lanes_[lane + k] += square(values[k]);
      }
      element += here;
      values += here;
      count -= here;
    }
  }
  double close() {
    for (int64_t width = kLanes / 2; width > 0; width /= 2)
      for (int64_t k = 0; k < width; ++k) lanes_[k] += lanes_[k + width];
    sum_ += lanes_[0];
    for (double& lane : lanes_) lane = 0;
    return sum_;
  }

 private:
  static constexpr int64_t kLanes = 8;  // as cpu::reduce_rows
  template <class T>
  static double square(T value) {
    return static_cast<double>(value) * static_cast<double>(value);
  }

  double lanes_[kLanes] = {};
  double sum_ = 0;
  int64_t chunk_ = 0;
};

double sum_of_squares(const CoalescedRows& rows) {
  return visit_float(rows.values.dtype(), "norm", [&](auto zero) {
    using T = decltype(zero);
    const T* values = rows.values.data<T>();
    const int64_t width = rows.values.dim(1);
    SparseSquares sum;
    for (const int64_t id : rows.ids.span<int64_t>()) {
      sum.add(id * width, values, width);
      values += width;
    }
    return sum.close();
  });
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

double lambda_of(const Parameter& parameter, const Penalty& penalty) {
  return parameter.table ? penalty.table : penalty.net;
}

StepGradients gather_sums(const ParameterStore& store, const Gradients& gradients) {
  StepGradients result;
  StepVector<const RowGradient*> by_row;
  StepVector<size_t> place;  // of each in `result`
  for (const auto& parameter : store.all()) {
    const Gradient& gradient = gradients[*parameter];
    if (parameter->frozen || gradient.empty()) continue;
    StepGradient step;
    step.parameter = parameter.get();
    if (gradient.is_rows()) {
      by_row.push_back(&gradient.rows());
      place.push_back(result.size());
    } else {
      step.dense = gradient.dense();
    }
    result.push_back(std::move(step));
  }
  StepVector<CoalescedRows> rows = coalesce(by_row);
  for (size_t i = 0; i < rows.size(); ++i) result[place[i]].rows = std::move(rows[i]);
  return result;
}

StepGradients complete(const ParameterStore& store, StepGradients sums, TableUpdate update,
                       const Penalty& penalty) {
  const bool replayed = update == TableUpdate::replay;
  StepGradients result;
  auto next = sums.begin();
  for (const auto& parameter : store.all()) {
    if (parameter->frozen) continue;
    const bool empty = next == sums.end() || next->parameter != parameter.get();
    const double lambda = lambda_of(*parameter, penalty);
    if (empty && (lambda == 0 || (parameter->table && update == TableUpdate::rows))) continue;
    const Tensor& weight = parameter->value;
    StepGradient step;
    if (!empty) step = std::move(*next++);
    step.parameter = parameter.get();
    if (step.is_rows() && update != TableUpdate::dense) {
      step.replayed = replayed;
      if (parameter->late != nullptr) parameter->late->catch_up(parameter->value, step.rows.ids);
      if (lambda != 0) add_penalty(step.rows, weight, lambda);
    } else if (empty && replayed && parameter->table && weight.rank() == 2) {
      step.replayed = true;
      step.rows = {Tensor({0}, DType::i64), Tensor({0, weight.dim(1)}, weight.dtype())};
    } else {
      if (empty) step.dense = Tensor::zeros(weight.shape(), weight.dtype());
      if (step.is_rows()) {
        step.dense = Tensor::zeros(weight.shape(), weight.dtype());
        put_rows(std::exchange(step.rows, {}), step.dense);
      }
      if (lambda != 0) step.dense = with_penalty(step.dense, weight, lambda);
    }
    result.push_back(std::move(step));
  }
  CTR_ASSERT(next == sums.end());
  return result;
}

StepGradients gather_gradients(const ParameterStore& store, const Gradients& gradients,
                               TableUpdate update, const Penalty& penalty) {
  return complete(store, gather_sums(store, gradients), update, penalty);
}

double global_norm(const StepGradients& gradients) {
  StepVector<double> of_rows(gradients.size());  // of replayed tables, several at once
  int64_t work = 0;
  for (const StepGradient& gradient : gradients)
    work += gradient.replayed ? gradient.values().count() : 0;
  parallel_tasks(std::ssize(gradients), work, [&](int64_t i) {
    const StepGradient& gradient = gradients[static_cast<size_t>(i)];
    if (gradient.replayed) of_rows[static_cast<size_t>(i)] = sum_of_squares(gradient.rows);
  });
  double sum = 0;
  for (size_t i = 0; i < gradients.size(); ++i)
    sum += gradients[i].replayed ? of_rows[i] : sum_of_squares(gradients[i].values());
  return std::sqrt(sum);
}

double whole_norm(const StepGradients& gradients, const Penalty& penalty) {
  double sum = 0;
  for (const StepGradient& gradient : gradients) {
    const Parameter& parameter = *gradient.parameter;
    const double lambda = lambda_of(parameter, penalty);
    if (!gradient.replayed || lambda == 0) {
      sum += gradient.replayed ? sum_of_squares(gradient.rows) : sum_of_squares(gradient.values());
      continue;
    }
    if (parameter.late != nullptr) parameter.late->catch_up(parameter.value);
    const Tensor zeros = Tensor::zeros(parameter.value.shape(), parameter.value.dtype());
    Tensor whole = with_penalty(zeros, parameter.value, lambda);
    put_rows(gradient.rows, whole);
    sum += sum_of_squares(whole);
  }
  return std::sqrt(sum);
}

double clip(StepGradients& gradients, double norm, double most) {
  const double factor = most / (norm + 1e-6);
  if (!(factor < 1)) return 1;
  for (StepGradient& gradient : gradients) {
    Tensor& values = gradient.is_rows() ? gradient.rows.values : gradient.dense;
    values = scaled(values, factor);
    gradient.factor *= factor;
  }
  return factor;
}

}  // namespace ctr
