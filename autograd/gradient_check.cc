#include "autograd/gradient_check.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "engine/check.h"
#include "engine/rng.h"

namespace ctr {
namespace {

using Outputs = std::function<std::vector<Tensor>()>;

constexpr double kStep = 1e-5;
constexpr double kSmallest = 1e-3;  // derivatives below this are judged absolutely

double value_of(const Outputs& outputs, const std::vector<Tensor>& upstream) {
  std::vector<Tensor> values = outputs();
  double sum = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    const double* y = values[i].data<double>();
    const double* u = upstream[i].data<double>();
    for (int64_t k = 0; k < values[i].count(); ++k) sum += y[k] * u[k];
  }
  return sum;
}

// Elements to look at: all, or `most` drawn by a fixed seed.
std::vector<int64_t> elements_of(int64_t count, int64_t most) {
  std::vector<int64_t> result;
  const RandomStream random{11, static_cast<uint64_t>(count), 0};
  for (int64_t i = 0; i < std::min(count, most); ++i) {
    result.push_back(count <= most ? i
                                   : static_cast<int64_t>(random.below(static_cast<uint64_t>(count),
                                                                       static_cast<uint64_t>(i))));
  }
  return result;
}

GradientError compare(const std::string& name, Tensor& point, const Gradient& gradient,
                      const Outputs& outputs, const std::vector<Tensor>& upstream, int64_t most) {
  Tensor analytic = gradient.empty()     ? Tensor::zeros(point.shape(), DType::f64)
                    : gradient.is_rows() ? to_dense(gradient.rows())
                                         : gradient.dense();
  GradientError error{name};
  double worst = 0;
  double* x = point.data<double>();
  for (int64_t i : elements_of(point.count(), most)) {
    const double kept = x[i];
    x[i] = kept + kStep;
    double above = value_of(outputs, upstream);
    x[i] = kept - kStep;
    double below = value_of(outputs, upstream);
    x[i] = kept;
    double numeric = (above - below) / (2 * kStep);
    double difference = std::fabs(numeric - analytic.data<double>()[i]);
    worst = std::isnan(difference) ? difference : std::max(worst, difference);
    if (std::isnan(worst)) break;
    error.largest = std::max(error.largest, std::fabs(numeric));
    ++error.elements;
  }
  error.worst = worst / std::max(error.largest, kSmallest);
  return error;
}

}  // namespace

Tensor random_upstream(const Tensor& output, uint64_t stream) {
  Tensor upstream(output.shape(), DType::f64);
  const RandomStream random{5, stream, 0};
  for (int64_t i = 0; i < upstream.count(); ++i) {
    upstream.data<double>()[i] = random.normal(static_cast<uint64_t>(i));
  }
  return upstream;
}

std::vector<GradientError> check_gradients(
    std::vector<Tensor> points, std::span<const std::string> names,
    const std::function<std::vector<Var>(std::span<const Var>)>& function) {
  Tape tape;
  std::vector<Var> variables;
  for (const Tensor& point : points) variables.push_back(tape.variable(point));
  std::vector<Var> results = function(variables);
  std::vector<Tensor> upstream;
  std::vector<Gradient> sums(points.size());
  for (size_t i = 0; i < results.size(); ++i) {
    upstream.push_back(random_upstream(results[i].value(), i));
    Gradients gradients =
        backward(results[i], {.upstream = upstream[i], .retain = true, .stop_at = {}, .only = {}});
    for (size_t k = 0; k < points.size(); ++k) sums[k].add(gradients[variables[k]], true);
  }
  Outputs outputs = [&] {
    NoGradient off;
    std::vector<Var> constants(points.begin(), points.end());
    std::vector<Tensor> values;
    for (const Var& y : function(constants)) values.push_back(y.value());
    return values;
  };
  std::vector<GradientError> errors;
  for (size_t k = 0; k < points.size(); ++k) {
    errors.push_back(compare(names[k], points[k], sums[k], outputs, upstream, points[k].count()));
  }
  return errors;
}

std::vector<GradientError> check_gradients(ParameterStore& store,
                                           const std::function<Var()>& function, int64_t most) {
  CTR_CHECK(store.dtype() == DType::f64, "gradient check: parameters must be f64, got {}",
            store.dtype());
  Tape tape;
  Var root = function();
  std::vector<Tensor> upstream{random_upstream(root.value(), 0)};
  Gradients gradients =
      backward(root, {.upstream = upstream[0], .retain = false, .stop_at = {}, .only = {}});
  Outputs outputs = [&] {
    NoGradient off;
    ++store.mode().weights_version;
    return std::vector<Tensor>{function().value()};
  };
  std::vector<GradientError> errors;
  for (const auto& parameter : store.all()) {
    if (parameter->frozen) continue;
    errors.push_back(
        compare(parameter->name, parameter->value, gradients[*parameter], outputs, upstream, most));
  }
  return errors;
}

}  // namespace ctr
