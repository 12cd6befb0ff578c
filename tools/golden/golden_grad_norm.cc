// Steps of GradNorm on a toy: h = act(W x + b), z_t = head_t(h), a loss for each task.

#include <nlohmann/json.hpp>

#include "engine/check.h"
#include "io/json.h"
#include "models/model.h"
#include "ops/elementwise/elementwise.h"
#include "ops/linear/linear.h"
#include "ops/loss/loss.h"
#include "ops/optim/optimizer.h"
#include "ops/reduce/reduce.h"
#include "ops/shaping/shaping.h"
#include "tools/golden/golden.h"
#include "tools/task_balance.h"

namespace ctr {
namespace {

struct Settings {
  size_t tasks = 0;
  int64_t steps = 0;
  bool mse = false;
  double alpha = 0, floor = 0;
  Activation activation = Activation::identity;
  OptimizerOptions of_parameters, of_weights;
};

Settings settings_in(const GoldenFile& file) {
  const Json options = parse_json(file.text("options"));
  CTR_CHECK_DATA(options.is_object(), "golden: options are no JSON object");
  Settings s;
  s.of_parameters.rule = s.of_weights.rule = "sgd";
  for (const auto& [key, value] : options.items()) {
    if (key == "tasks") {
      value.get_to(s.tasks);
    } else if (key == "steps") {
      value.get_to(s.steps);
    } else if (key == "loss" && (value == "mse" || value == "bce")) {
      s.mse = value == "mse";
    } else if (key == "alpha") {
      value.get_to(s.alpha);
    } else if (key == "weight_floor") {
      value.get_to(s.floor);
    } else if (key == "lr") {
      value.get_to(s.of_parameters.learning_rate);
    } else if (key == "optimizer") {
      value.get_to(s.of_parameters.rule);
    } else if (key == "weight_lr") {
      value.get_to(s.of_weights.learning_rate);
    } else if (key == "weight_optimizer") {
      value.get_to(s.of_weights.rule);
    } else if (key == "activation" &&
               (value == "none" || activation_called(value.get<std::string>()))) {
      if (value != "none") s.activation = *activation_called(value.get<std::string>());
    } else {  // the scales are in the labels
      CTR_CHECK_DATA(key == "scales", "golden: GradNorm's option '{}' = {} is not known", key,
                     json_text(value));
    }
  }
  return s;
}

Tensor row_of(const std::vector<double>& values) {
  return Tensor::from({static_cast<int64_t>(values.size())}, values);
}

class Toy {
 public:
  Toy(GoldenFile& file, DType dtype) : settings_(settings_in(file)), store_(dtype, 1) {
    for (const std::string& name : file.names("param/"))
      store_.add(name, file.take("param/" + name).cast(dtype));
    x_ = file.take("input/x").cast(dtype);
    for (size_t t = 0; t < settings_.tasks; ++t)
      labels_.push_back(file.take("label/" + std::to_string(t)).cast(dtype));
  }

  const Settings& settings() const { return settings_; }
  ParameterStore& store() { return store_; }
  const Parameter& at(const std::string& name) const {
    const Parameter* found = store_.find(name);
    CTR_CHECK_DATA(found != nullptr, "golden: the file has no 'param/{}'", name);
    return *found;
  }

  std::vector<Var> losses() const {
    const Var h = linear(Var(x_), at("shared/weight"), at("shared/bias"),
                         {settings_.activation, WeightLayout::out_in});
    std::vector<Var> losses;
    for (size_t t = 0; t < labels_.size(); ++t) {
      const std::string head = "head/" + std::to_string(t);
      const Var z = linear(h, at(head + "/weight"), at(head + "/bias"));
      losses.push_back(settings_.mse ? squares(z, labels_[t]) : bce_with_logits(z, labels_[t]));
    }
    return losses;
  }

 private:
  static Var squares(const Var& z, const Tensor& label) {
    const int64_t rows = label.count();
    const Var d = reshape(z, {1, rows}) + scale(Var(label.reshaped({1, rows})), -1);
    return mean(d * d, 1);
  }

  Settings settings_;
  ParameterStore store_;
  Tensor x_;
  std::vector<Tensor> labels_;
};

}  // namespace

Comparison verify_grad_norm(GoldenFile& file, DType dtype) {
  Toy toy(file, dtype);
  const Settings& settings = toy.settings();
  Optimizer optimizer(settings.of_parameters), of_weights(settings.of_weights);
  std::vector<double> weights(settings.tasks, 1), first;
  Comparison result;
  for (int64_t step = 0; step < settings.steps; ++step) {
    auto compare = [&](const std::string& what, const std::vector<double>& values) {
      result.add(what + " of step " + std::to_string(step + 1),
                 file.take("step/" + what).rows(step, step + 1), row_of(values));
    };
    Tape tape;
    const std::vector<Var> losses = toy.losses();
    std::vector<double> values;
    for (const Var& loss : losses)
      values.push_back(loss.value().cast(DType::f64).data<double>()[0]);
    if (step == 0) first = values;
    std::vector<Tensor> gradients;
    add_gradients_at(toy.at("shared/weight"), losses, 1, gradients);
    const std::vector<double> norms = norms_of(gradients);
    const GradNormStep moved = grad_norm(weights, norms, values, first, settings.alpha);
    compare("losses", values);
    compare("norm", norms);
    compare("target", moved.target);
    compare("dw", moved.dw);
    compare("gradnorm_loss", {moved.loss});
    optimizer.step(toy.store(), backward(weighted_sum(losses, weights)));
    Tensor next = row_of(weights);
    of_weights.advance();
    of_weights.update("weights", next, Gradient(row_of(moved.dw)));
    weights.assign(next.span<double>().begin(), next.span<double>().end());
    renormalise(weights, settings.floor);
    compare("weights", weights);
  }
  for (const std::string& name : file.names("final/"))
    result.add("final/" + name, file.take("final/" + name), toy.at(name).value);
  return result;
}

}  // namespace ctr
