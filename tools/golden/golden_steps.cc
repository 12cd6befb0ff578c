// Models after three steps of the published protocol (ctr_goldens.json, whose `about` says how
// inputs and parameters are made): logits, losses with their penalties, gradients, and the logits
// after three clipped Adam steps.

#include <cmath>

#include <nlohmann/json.hpp>

#include "engine/check.h"
#include "io/file.h"
#include "io/json.h"
#include "ops/loss/loss.h"
#include "ops/optim/optimizer.h"
#include "tools/golden/described.h"
#include "tools/golden/step_cases.h"

namespace ctr {
namespace {

double golden_value(uint64_t parameter, uint64_t element) {
  uint64_t x = 1000003 * parameter + element + 0x9E3779B97F4A7C15;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
  x ^= x >> 31;
  return (2 * (static_cast<double>(x >> 11) * 0x1p-53) - 1) * 0.3;
}

PeerShapes shapes_in(const Json& golden) {
  PeerShapes shapes;
  for (const Json& parameter : golden.at("params"))
    shapes[parameter.at("name")] = parameter.at("shape").get<std::vector<int64_t>>();
  return shapes;
}

// Fills the parameters from their numbers in the list; returns our name of each of the file's.
void fill(const Json& golden, const Described& d, ParameterStore& store) {
  size_t filled = 0;
  for (const Json& parameter : golden.at("params")) {
    const std::string& mine = d.names.at(parameter.at("name"));
    Parameter* found = store.find(mine);
    CTR_CHECK_DATA(found != nullptr, "golden: {} has no parameter '{}' ({})", d.model, mine,
                   parameter.at("name").get<std::string>());
    Tensor value({found->value.count()}, DType::f64);
    const std::string kind = parameter.value("kind", "");
    const int64_t width = found->value.rank() == 2 ? found->value.dim(1) : 1;
    const bool padded = found->table && found->value.count() > width &&
                        !std::string(parameter.at("name")).ends_with(".n0.weight");
    for (int64_t i = 0; i < value.count(); ++i) {
      const double drawn =
          golden_value(parameter.at("p").get<uint64_t>(), static_cast<uint64_t>(i));
      value.data<double>()[i] = padded && i < width ? 0 : kind == "gamma" ? 1 + drawn : drawn;
    }
    found->value = value.cast(store.dtype()).reshaped(found->value.shape());
    ++filled;
  }
  size_t trained = 0;
  for (const auto& parameter : store.all()) trained += !parameter->frozen;
  CTR_CHECK_DATA(filled == trained, "golden: the file has {} parameters of {}'s {}", filled,
                 d.model, trained);
  ++store.mode().weights_version;
}

Tensor numbers(const Json& values) {
  Tensor result({values.is_array() ? static_cast<int64_t>(values.size()) : 1}, DType::f64);
  for (int64_t i = 0; i < result.count(); ++i)
    result.data<double>()[i] =
        values.is_array() ? values.at(static_cast<size_t>(i)).get<double>() : values.get<double>();
  return result;
}

// ½ λ ‖w‖² over tables and over the rest.
double penalty(const ParameterStore& store, const Penalty& lambda) {
  double sum = 0;
  for (const auto& parameter : store.all()) {
    if (parameter->frozen) continue;
    const Tensor value = parameter->value.cast(DType::f64);
    for (double w : value.span<double>())
      sum += 0.5 * (parameter->table ? lambda.table : lambda.net) * w * w;
  }
  return sum;
}

// Sum and sum of magnitudes of each gradient, as the file has them.
void add_sums(const Json& golden, const Described& d, const StepCase& of,
              const StepGradients& gradients, Comparison& result) {
  for (const StepGradient& gradient : gradients) {
    const auto named = std::find_if(d.names.begin(), d.names.end(), [&](const auto& pair) {
      return pair.second == gradient.parameter->name;
    });
    if (of.wrong_gradients.contains(named->first)) continue;
    Tensor sums = Tensor::zeros({2}, DType::f64);
    const Tensor values = gradient.values().cast(DType::f64);
    for (double g : values.span<double>()) {
      sums.data<double>()[0] += g;
      sums.data<double>()[1] += std::fabs(g);
    }
    result.add(
        "gradient of " + named->first, numbers(golden.at("gsum").at(named->first)), sums,
        least_gradient(gradient.parameter->value.dtype()) * golden.at("gnorm").get<double>());
  }
}

Tensor number(double value) { return Tensor::full({1}, DType::f64, value); }

Comparison verify_case(const Json& golden, const StepCase& of, DType dtype) {
  const Described base = described_peer(of.peer_model, parse_json(of.options), of.schema,
                                        of.embedding_dim, shapes_in(golden));
  Described d = base;
  OptionList list = d.options.list();
  for (const auto& [name, value] : of.ours) list.set(name, value, "golden");
  ParameterStore store(dtype, 1);
  GivenVectors none;
  auto model = find_model(d.model).make(Scope(store), {d.schema, none, d.options});
  fill(golden, d, store);
  OptimizerOptions options;
  options.update = "dense";
  options.learning_rate = 0.01;
  options.l2 = {0.01, of.l2_net};
  Optimizer optimizer(options);

  Comparison result;
  store.mode().training = true;
  const Tensor label = of.batch.label.cast(dtype);
  auto train_loss = [&](bool first) {
    Tape tape;
    const Var logit = model->logit(of.batch);
    const Var loss = bce_with_logits(logit, label);
    if (first) result.add("logit", numbers(golden.at("logit_train")), logit.value());
    return std::pair(loss.value().cast(DType::f64).data<double>()[0],
                     optimizer.prepare(store, backward(loss)));
  };
  for (int step = 0; step < 3; ++step) {
    const double penalised = penalty(store, options.l2);
    auto [loss, gradients] = train_loss(step == 0);
    const double norm = global_norm(gradients);
    if (step == 0) {
      result.add("bce", numbers(golden.at("bce")), number(loss));
      result.add("loss", numbers(golden.at("loss")), number(loss + penalised));
      if (of.wrong_gradients.empty())
        result.add("gradient norm", numbers(golden.at("gnorm")), number(norm));
      add_sums(golden, d, of, gradients, result);
    }
    clip(gradients, norm, 10);
    optimizer.apply(store, gradients);
  }
  // In single precision the signs of tiny gradients, and so Adam's first steps, are another matter.
  if (dtype == DType::f32 || !of.wrong_gradients.empty()) return result;
  store.mode().training = false;
  result.add("logit after three steps", numbers(golden.at("logit_eval_after")),
             model->logit(of.batch).value());
  store.mode().training = true;
  const double after = train_loss(false).first + penalty(store, options.l2);
  result.add("loss after three steps", numbers(golden.at("loss_after")), number(after));
  return result;
}

}  // namespace

Comparison verify_steps(const std::string& path, const std::string& which, DType dtype) {
  const Json all = parse_json(read_text(path));
  CTR_CHECK_DATA(all.is_object() && all.contains("models"), "{}: holds no `models`", path);
  Comparison result;
  for (const auto& [tag, golden] : all.at("models").items()) {
    if (which.empty() || which == tag) result.add(tag, verify_case(golden, step_case(tag), dtype));
  }
  CTR_CHECK_DATA(result.tensors() > 0, "{}: there is no model '{}'", path, which);
  return result;
}

std::vector<std::string> step_tags(const std::string& path) {
  std::vector<std::string> tags;
  const Json all = parse_json(read_text(path));
  for (const auto& [tag, golden] : all.at("models").items()) tags.push_back(tag);
  return tags;
}

}  // namespace ctr
