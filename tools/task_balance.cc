#include "tools/task_balance.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <regex>

#include "engine/check.h"
#include "ops/activation/activation.h"
#include "ops/elementwise/elementwise.h"
#include "ops/reduce/reduce.h"

namespace ctr {
namespace {

constexpr double kLeastWeight = 1e-3;

double mean(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

}  // namespace

GradNormStep grad_norm(std::span<const double> weights, std::span<const double> norms,
                       std::span<const double> losses, std::span<const double> first_losses,
                       double alpha) {
  const size_t tasks = weights.size();
  CTR_CHECK(
      tasks > 0 && norms.size() == tasks && losses.size() == tasks && first_losses.size() == tasks,
      "gradnorm: {} weights need as many norms, losses and first losses, got {}, {} and {}", tasks,
      norms.size(), losses.size(), first_losses.size());
  std::vector<double> weighed(tasks), left(tasks);
  for (size_t t = 0; t < tasks; ++t) {
    weighed[t] = weights[t] * norms[t];
    left[t] = losses[t] / first_losses[t];
  }
  GradNormStep step;
  for (size_t t = 0; t < tasks; ++t) {
    const double target = mean(weighed) * std::pow(left[t] / mean(left), alpha);
    const double difference = weighed[t] - target;
    step.target.push_back(target);
    step.dw.push_back(difference > 0 ? norms[t] : difference < 0 ? -norms[t] : 0);
    step.loss += std::fabs(difference);
  }
  return step;
}

void renormalise(std::span<double> weights, double floor) {
  for (double& w : weights) w = std::max(w, floor);
  const double share = 1 / mean(weights);
  for (double& w : weights) w *= share;
}

void add_gradients_at(const Parameter& weight, std::span<const Var> losses, double share,
                      std::vector<Tensor>& sums) {
  sums.resize(losses.size());
  for (size_t t = 0; t < losses.size(); ++t) {
    BackwardOptions options;
    options.upstream = Tensor::full(losses[t].shape(), losses[t].dtype(), share);
    options.retain = true;
    options.only = {Var(weight)};
    const Gradients gradients = backward(losses[t], options);
    const Gradient& gradient = gradients[weight];
    if (!sums[t].defined()) sums[t] = Tensor::zeros(weight.value.shape(), DType::f64);
    if (gradient.empty()) continue;
    const Tensor part = gradient.dense().cast(DType::f64);
    for (int64_t i = 0; i < part.count(); ++i) sums[t].data<double>()[i] += part.data<double>()[i];
  }
}

std::vector<double> norms_of(std::span<const Tensor> gradients) {
  std::vector<double> norms;
  for (const Tensor& gradient : gradients) {
    double sum = 0;
    for (double x : gradient.span<double>()) sum += x * x;
    norms.push_back(std::sqrt(sum));
  }
  return norms;
}

TaskLosses losses_of_domains(const Var& z, const Batch& batch, int64_t domains) {
  const Var label(batch.label.cast(z.dtype()).reshaped(z.shape()));
  const Var loss = activate(z, Activation::softplus) + scale(z * label, -1);
  const auto* domain = batch.domain.data<int64_t>();
  TaskLosses all;
  for (int64_t d = 0; d < domains; ++d) {
    const auto rows = std::count(domain, domain + batch.rows, d);
    Tensor share = Tensor::zeros(z.shape(), z.dtype());
    visit_float(z.dtype(), "tasks", [&](auto zero) {
      using T = decltype(zero);
      for (int64_t b = 0; b < batch.rows; ++b)
        if (domain[b] == d) share.data<T>()[b] = T(1) / static_cast<T>(batch.rows);
    });
    all.losses.push_back(sum(loss * Var(share), 0));
    all.shares.push_back(static_cast<double>(rows) / static_cast<double>(batch.rows));
  }
  return all;
}

TaskBalance::TaskBalance(const TrainOptions& options)
    : kind_(options.task_balance),
      given_(weights_of_tasks(options)),
      rate_(options.balance_learning_rate),
      alpha_(options.gradnorm_alpha),
      parameter_(options.gradnorm_parameter) {
  CTR_CHECK(fixed() || given_.empty(),
            "train: --task-balance {} sets the weights; leave "
            "--task-weights out",
            kind_);
}

TaskLosses TaskBalance::losses(const Model& model, const Batch& batch, const Schema& schema) const {
  if (kind_ != "uncertainty") {
    std::vector<Var> losses = model.training_losses(batch);
    const size_t tasks = losses.size();
    CTR_CHECK(
        fixed() || tasks > 1,
        "train: --task-balance gradnorm weighs several losses, and here is one; leave it out, "
        "or choose uncertainty, which weighs the losses of domains too");
    return {std::move(losses), std::vector<double>(tasks, 1)};
  }
  const std::vector<Var> z = model.logits(batch);
  if (z.size() > 1) {
    std::vector<Var> losses = model.losses(z, batch);
    const size_t tasks = losses.size();
    if (tasks > 1) return {std::move(losses), std::vector<double>(tasks, 1)};
  }
  CTR_CHECK(z.size() == 1 && schema.index_of(FieldRole::domain) >= 0 && model.needs_both_labels(),
            "train: --task-balance uncertainty weighs the labels of several tasks, or the domains "
            "of a model that learns from clicks and others; here is one loss. Leave it out");
  return losses_of_domains(z[0], batch, schema.domains);
}

std::vector<double> TaskBalance::weights(size_t tasks) const {
  if (fixed()) return given_;
  if (state_.weights.empty()) return std::vector<double>(tasks, 1);
  std::vector<double> weights = state_.weights;
  if (kind_ == "uncertainty")
    for (double& w : weights) w = std::exp(-w);
  return weights;
}

const Parameter* TaskBalance::measured(const ParameterStore& store) const {
  if (kind_ != "gradnorm") return nullptr;
  const Parameter* found = store.find(parameter_);
  if (parameter_.empty()) {  // the last layer of the bottom or of the shared experts
    const std::regex shared(R"((bottom|expert|.*/shared/expert)/\d+/weight)");
    for (const auto& parameter : store.all()) {
      if (std::regex_match(parameter->name, shared)) found = parameter.get();
    }
  }
  CTR_CHECK(found != nullptr && !found->frozen && !found->table,
            "train: gradnorm needs a weight that all tasks share, no table, got '{}'; name one "
            "with --gradnorm-parameter",
            parameter_);
  return found;
}

void TaskBalance::update(std::span<const double> losses, std::span<const double> shares,
                         std::span<const double> norms) {
  if (fixed()) return;
  std::vector<double>& w = state_.weights;
  if (w.empty()) {
    w.assign(losses.size(), kind_ == "gradnorm" ? 1 : 0);
    state_.first_losses.assign(losses.begin(), losses.end());
  }
  if (kind_ == "gradnorm") {
    const GradNormStep step = grad_norm(w, norms, losses, state_.first_losses, alpha_);
    for (size_t t = 0; t < w.size(); ++t) w[t] -= rate_ * step.dw[t];
    renormalise(w, kLeastWeight);
  } else {
    for (size_t t = 0; t < w.size(); ++t)
      w[t] -= rate_ * (0.5 * shares[t] - std::exp(-w[t]) * losses[t]);
  }
}

}  // namespace ctr
