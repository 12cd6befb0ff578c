#include <cmath>
#include <cstring>
#include <map>
#include <set>

#include "engine/check.h"
#include "tools/golden/described.h"
#include "tools/golden/golden_embedding.h"

namespace ctr {
namespace {

// Ids [B, T] as lists that are all of T ids, those of padding too.
FieldBatch padded_lists(const Tensor& ids) {
  CTR_CHECK_DATA(ids.rank() == 2, "golden: ids of a sequence must be [rows, places], got {}",
                 ids.shape());
  Tensor offsets({ids.dim(0)}, DType::i64);
  for (int64_t b = 0; b < ids.dim(0); ++b) offsets.data<int64_t>()[b] = b * ids.dim(1);
  return {ids.cast(DType::i64).reshaped({ids.count()}), offsets, {}};
}

Batch read_batch(GoldenFile& file, const Schema& schema) {
  Batch batch;
  for (const Field& field : schema.fields) {
    const bool is_input = file.has("input/" + field.name);
    const std::string other = field.role == FieldRole::domain ? "domain" : field.name;
    const Tensor& values = file.take(is_input ? "input/" + field.name : other);
    batch.rows = values.dim(0);
    if (field.type == FieldType::sequence) {
      batch.fields.push_back(padded_lists(values));
    } else if (field.type == FieldType::numeric) {
      batch.fields.push_back({{}, {}, values});
    } else {
      batch.fields.push_back({values, {}, {}});
    }
  }
  if (file.has("domain")) batch.domain = file.take("domain");
  if (schema.labels.empty()) return batch;
  if (file.has("label")) {
    batch.labels = {file.take("label")};
  } else {
    for (const std::string& label : schema.labels)
      batch.labels.push_back(file.take("label/" + label));
  }
  batch.label = batch.labels[0];
  return batch;
}

// Puts parts of parameters into the store; each parameter must be filled.
void load_parts(GoldenFile& file, const Described& d, ParameterStore& store,
                std::set<std::string>& loaded) {
  std::map<std::string, int64_t> filled;
  for (const auto& [name, part] : d.parts) {
    Parameter* parameter = store.find(part.parameter);
    CTR_CHECK_DATA(parameter != nullptr, "golden: {} has no parameter '{}' ({})", d.model,
                   part.parameter, name);
    const Tensor value = file.take("param/" + name).cast(store.dtype());
    const auto most = std::max_element(part.elements.begin(), part.elements.end());
    CTR_CHECK_DATA(value.count() == std::ssize(part.elements) && value.count() > 0 &&
                       *most < parameter->value.count(),
                   "golden: '{}' {} is no part of '{}' {}", name, value.shape(), part.parameter,
                   parameter->value.shape());
    visit_float(store.dtype(), "golden", [&](auto zero) {
      using T = decltype(zero);
      for (int64_t i = 0; i < value.count(); ++i)
        parameter->value.data<T>()[part.elements[static_cast<size_t>(i)]] = value.data<T>()[i];
    });
    filled[part.parameter] += value.count();
  }
  for (const auto& [name, count] : filled) {
    CTR_CHECK_DATA(count == store.find(name)->value.count() || d.partly.contains(name),
                   "golden: the file has {} of the {} elements of '{}'", count,
                   store.find(name)->value.count(), name);
    loaded.insert(name);
  }
}

// Puts the file's parameters and states into the store.
void load(GoldenFile& file, const Described& d, ParameterStore& store) {
  std::set<std::string> loaded;
  for (const auto& [name, mine] : d.names) {
    Parameter* parameter = store.find(mine);
    CTR_CHECK_DATA(parameter != nullptr, "golden: {} has no parameter '{}' ({})", d.model, mine,
                   name);
    const Tensor& value = file.take("param/" + name);
    CTR_CHECK_DATA(value.count() == parameter->value.count(),
                   "golden: '{}' is {}, the model has {}", name, value.shape(),
                   parameter->value.shape());
    parameter->value = value.cast(store.dtype()).reshaped(parameter->value.shape());
    loaded.insert(mine);
  }
  load_parts(file, d, store, loaded);
  for (const std::string& name : d.unused) file.take("param/" + name);
  for (const std::string& name : d.on_the_way) file.take(name);
  for (const auto& [name, mine] : d.states) {
    Parameter* state = store.find(mine);
    CTR_CHECK_DATA(state != nullptr, "golden: {} has no state '{}' ({})", d.model, mine, name);
    const Tensor& value = file.take(name);
    CTR_CHECK_DATA(value.shape() == state->value.shape(), "golden: '{}' is {}, the model has {}",
                   name, value.shape(), state->value.shape());
    state->value = value.cast(state->value.dtype());
  }
  for (const auto& parameter : store.all()) {
    CTR_CHECK_DATA(parameter->frozen || loaded.contains(parameter->name),
                   "golden: the file has no '{}'", parameter->name);
  }
  ++store.mode().weights_version;
}

Tensor part_of(const Tensor& whole, const Part& part) {
  Tensor result({std::ssize(part.elements)}, DType::f64);
  const Tensor values = whole.cast(DType::f64);
  for (int64_t i = 0; i < result.count(); ++i)
    result.data<double>()[i] = values.data<double>()[part.elements[static_cast<size_t>(i)]];
  return result;
}

double largest_gradient(GoldenFile& file) {
  double largest = 0;
  for (const std::string& name : file.names("grad/")) {
    for (double g : file.take("grad/" + name).span<double>())
      largest = std::max(largest, std::fabs(g));
  }
  return largest;
}

// With the file's running statistics, before training moves them.
void compare_evaluation(GoldenFile& file, const Model& model, const Batch& batch, Mode& mode,
                        Comparison& result) {
  if (!file.has("logit_eval")) return;
  NoGradient off;
  mode.training = false;
  result.add("logit_eval", file.take("logit_eval"), model.logit(batch).value());
  mode.training = true;
}

// Our gradient of a parameter, zeros where it has none.
Tensor gradient_of(const Gradients& gradients, const Parameter& parameter) {
  const Gradient& gradient = gradients[parameter];
  if (gradient.empty()) return Tensor::zeros(parameter.value.shape(), parameter.value.dtype());
  return gradient.is_rows() ? to_dense(gradient.rows()) : gradient.dense();
}

void compare_gradients(GoldenFile& file, const Described& d, const ParameterStore& store,
                       const Gradients& gradients, Comparison& result) {
  const double largest = largest_gradient(file);
  auto compare = [&](const std::string& name, const Tensor& mine) {
    const Tensor& expected = file.take("grad/" + name);
    double own = 0;
    for (double g : expected.span<double>()) own = std::max(own, std::fabs(g));
    const double least = own < 1e-12 * largest ? 1 : least_gradient(store.dtype());
    result.add("grad/" + name, expected, mine, least * largest);
  };
  for (const auto& [name, mine] : d.names) {
    if (file.has("grad/" + name)) compare(name, gradient_of(gradients, *store.find(mine)));
  }
  for (const auto& [name, part] : d.parts) {
    if (file.has("grad/" + name))
      compare(name, part_of(gradient_of(gradients, *store.find(part.parameter)), part));
  }
  for (const std::string& name : d.unused) {
    if (file.has("grad/" + name))
      compare(name, Tensor::zeros(file.at("grad/" + name).shape(), store.dtype()));
  }
}

// Logits by the names of the tasks, where there are several.
void compare_logits(GoldenFile& file, const std::string& key, const std::string& what,
                    std::span<const Var> logits, std::span<const Prediction> tasks,
                    Comparison& result) {
  for (size_t t = 0; t < logits.size(); ++t) {
    const std::string of_task = file.has(key) ? "" : "/" + tasks[t].name;
    result.add(what + of_task, file.take(key + of_task), logits[t].value());
  }
}

void compare_probabilities(GoldenFile& file, std::span<const Prediction> tasks,
                           Comparison& result) {
  for (const Prediction& task : tasks) {
    const std::string key = file.has("prob") ? "prob" : "prob/" + task.name;
    if (file.has(key)) result.add(key, file.take(key), task.probability);
  }
}

}  // namespace

Comparison verify_model(GoldenFile& file, DType dtype) {
  const Described d =
      file.text("spec").empty() ? described_by_fuxictr(file) : described_by_us(file);
  ParameterStore store(dtype, 1);
  GivenVectors none;
  auto model = find_model(d.model).make(Scope(store), {d.schema, none, d.options});
  store.mode().training = true;  // batch norm takes the batch's statistics
  load(file, d, store);
  const Batch batch = read_batch(file, d.schema);

  Comparison result;
  compare_encoding(file, d, dtype, result);
  compare_evaluation(file, *model, batch, store.mode(), result);
  Tape tape;
  const std::vector<Var> logits = model->logits(batch);
  const Var loss = weighted_sum(model->losses(logits, batch), {});
  compare_logits(file, "logit", "logit", logits, model->predictions(logits, batch), result);
  result.add("loss", file.take("loss"), loss.value());
  {
    NoGradient off;  // the folded form
    const std::vector<Var> evaluated = model->logits(batch);
    const std::vector<Prediction> tasks = model->predictions(evaluated, batch);
    compare_logits(file, "logit", "logit without gradient", evaluated, tasks, result);
    compare_probabilities(file, tasks, result);
  }
  compare_gradients(file, d, store, backward(loss), result);
  return result;
}

}  // namespace ctr
