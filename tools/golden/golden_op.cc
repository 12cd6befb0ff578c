#include <algorithm>

#include <nlohmann/json.hpp>

#include "engine/check.h"
#include "engine/nearest.h"
#include "io/json.h"
#include "ops/optim/optimizer.h"
#include "ops/registry.h"
#include "tools/golden/golden.h"
#include "tools/metrics.h"

namespace ctr {
namespace {

Json attributes_of(const GoldenFile& file) {
  std::string text = file.text("attr");
  Json attributes = text.empty() ? Json::object() : parse_json(text);
  CTR_CHECK_DATA(attributes.is_object(), "golden: attr is no JSON object");
  return attributes;
}

struct Found {
  const OpInfo* op = nullptr;
  const GoldenName* golden = nullptr;
};

Found find_golden(const std::string& name) {
  for (const OpInfo& op : op_list()) {
    for (const GoldenName& golden : op.golden) {
      if (golden.name == name) return {&op, &golden};
    }
  }
  fail(ErrorKind::data, "golden: no operator goes by the name '{}'", name);
}

std::string ours(const GoldenName& golden, const std::string& name) {
  auto found = golden.as.find(name);
  return found == golden.as.end() ? name : found->second;
}

// The file's settings as the operator's own; unknown ones are refused.
Attributes read_attributes(const GoldenFile& file, const Found& found) {
  Attributes result = found.golden->attributes;
  const Json attributes = attributes_of(file);
  for (const auto& [key, value] : attributes.items()) {
    const std::string name = ours(*found.golden, key);
    const std::vector<std::string>& known = found.op->attributes;
    CTR_CHECK_DATA(std::find(known.begin(), known.end(), name) != known.end(),
                   "golden: {} has no attribute '{}'{}", found.op->name, key,
                   advice_on_name(key, known));
    result[name] = value.is_string() ? value.get<std::string>() : json_text(value);
  }
  return result;
}

bool names_contain(const std::vector<std::string>& names, const std::string& name, size_t& at) {
  for (at = 0; at < names.size(); ++at) {
    if (names[at] == name || names[at] == name + "?") return true;
  }
  return false;
}

std::vector<double> numbers(const Tensor& tensor) {
  const Tensor values = tensor.cast(DType::f64);
  return {values.span<double>().begin(), values.span<double>().end()};
}

}  // namespace

Comparison verify_op(GoldenFile& file, DType dtype) {
  const Found found = find_golden(file.text("op"));
  const Attributes attributes = read_attributes(file, found);
  Tape tape;
  std::vector<Var> inputs(found.op->inputs.size());
  std::vector<Tensor> constants(found.op->constants.size());
  std::map<std::string, size_t> position;
  for (const std::string& name : file.names("in/")) {
    const Tensor& value = file.take("in/" + name);
    size_t at = 0;
    if (names_contain(found.op->inputs, ours(*found.golden, name), at)) {
      inputs[at] = tape.variable(value.cast(dtype));
      position[name] = at;
    } else if (names_contain(found.op->constants, ours(*found.golden, name), at)) {
      constants[at] = value;
    } else {
      fail(ErrorKind::data, "golden: {} has no input '{}'", found.op->name, name);
    }
  }
  std::vector<Var> outputs = found.op->call({inputs, constants, attributes});
  const std::vector<std::string> names = file.names("out/");
  CTR_CHECK_DATA(names.size() == outputs.size() && names.size() == 1, "golden: {} outputs for {}",
                 names.size(), found.op->name);
  Comparison result;
  result.add("out/" + names[0], file.take("out/" + names[0]), outputs[0].value());
  Tensor upstream = file.take("gout/" + names[0]).cast(dtype);
  Gradients gradients =
      backward(outputs[0], {.upstream = upstream, .retain = false, .stop_at = {}, .only = {}});
  for (const std::string& name : file.names("grad/")) {
    CTR_CHECK_DATA(position.contains(name), "golden: grad/{} belongs to no input", name);
    const Gradient& gradient = gradients[inputs[position[name]]];
    CTR_CHECK_DATA(!gradient.empty(), "golden: {} gives no gradient for '{}'", found.op->name,
                   name);
    result.add("grad/" + name, file.take("grad/" + name),
               gradient.is_rows() ? to_dense(gradient.rows()) : gradient.dense());
  }
  return result;
}

namespace {

// "rowwise_adagrad" is our rowwise-adagrad, "lazy_adam" Adam on rows.
OptimizerOptions optimizer_options(GoldenFile& file) {
  OptimizerOptions options;
  const std::string name = file.text("optimizer");
  options.rule = name.starts_with("lazy_") ? name.substr(5) : name;
  std::replace(options.rule.begin(), options.rule.end(), '_', '-');
  const std::vector<std::string>& rules = rule_names();
  CTR_CHECK_DATA(std::find(rules.begin(), rules.end(), options.rule) != rules.end(),
                 "golden: no optimizer goes by the name '{}'", name);
  const std::map<std::string, double*> known = {
      {"lr", &options.learning_rate},
      {"eps", &options.epsilon},
      {"weight_decay", options.rule == "adamw" ? &options.weight_decay : nullptr},
      {"momentum", options.rule == "momentum" ? &options.momentum : nullptr},
      {"alpha", options.rule == "rmsprop" ? &options.rmsprop_alpha : nullptr},
      {"initial_accumulator", &options.initial_accumulator},
      {"beta", options.rule == "ftrl" ? &options.ftrl_beta : nullptr},
      {"l1", options.rule == "ftrl" ? &options.ftrl_l1 : nullptr},
      {"l2", options.rule == "ftrl" ? &options.ftrl_l2 : nullptr}};
  const Json attributes = attributes_of(file);
  for (const auto& [key, value] : attributes.items()) {
    if (key == "betas" && options.rule.starts_with("adam")) {
      options.beta1 = value.at(0).get<double>();
      options.beta2 = value.at(1).get<double>();
      continue;
    }
    auto found = known.find(key);
    CTR_CHECK_DATA(found != known.end() && found->second != nullptr,
                   "golden: {} has no attribute '{}'", name, key);
    *found->second = value.get<double>();
  }
  return options;
}

}  // namespace

Comparison verify_optimizer(GoldenFile& file, DType dtype) {
  Tensor weight = file.take("param0").cast(dtype);
  const Tensor expected = file.take("params");
  Optimizer optimizer(optimizer_options(file));
  Comparison result;
  for (int64_t step = 0; step < expected.dim(0); ++step) {
    Gradient gradient;
    if (file.has("rows")) {
      Tensor rows = file.take("rows").rows(step, step + 1);
      Tensor values = file.take("values").rows(step, step + 1).cast(dtype);
      RowGradient sparse{weight.dim(0), weight.dim(1), -1, {}};
      sparse.parts.push_back({rows.reshaped({rows.count()}),
                              values.reshaped({rows.count(), weight.dim(1)}), weight.dim(1), 0});
      gradient = Gradient(sparse);
    } else {
      gradient =
          Gradient(file.take("grads").rows(step, step + 1).cast(dtype).reshaped(weight.shape()));
    }
    optimizer.advance();
    optimizer.update("weight", weight, gradient);
    result.add("params of step " + std::to_string(step + 1), expected.rows(step, step + 1), weight);
  }
  return result;
}

Comparison verify_metrics(GoldenFile& file) {
  const std::vector<double> label = numbers(file.take("label"));
  const std::vector<double> score = numbers(file.take("score"));
  const Tensor group = file.take("group");
  int64_t groups = 0;
  const std::span<const int64_t> group_ids = group.span<int64_t>();
  for (int64_t g : group_ids) groups = std::max(groups, g + 1);
  GroupAuc by_group = group_auc(score, label, group.span<int64_t>(), groups);
  const Json kept = parse_json(file.text("groups"));
  std::vector<double> kept_auc;
  for (const Json& g : kept) kept_auc.push_back(by_group.by_group.at(g.get<size_t>()));
  Comparison result;
  auto one = [&](const char* name, double value) {
    result.add(name, file.take(name), Tensor::full({1}, DType::f64, value));
  };
  one("auc", auc(score, label));
  one("logloss", log_loss(score, label));
  one("mean_auc", by_group.mean);
  one("weighted_auc", by_group.weighted);
  result.add("auc_by_group", file.take("auc_by_group"),
             Tensor::from<double>({static_cast<int64_t>(kept_auc.size())}, kept_auc));
  return result;
}

}  // namespace ctr
