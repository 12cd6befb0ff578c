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
    const bool is_domain = field.role == FieldRole::domain && !file.has("input/" + field.name);
    const Tensor& values = file.take(is_domain ? "domain" : "input/" + field.name);
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
  if (file.has("label")) {
    batch.labels = {file.take("label")};
  } else {
    for (const std::string& label : schema.labels)
      batch.labels.push_back(file.take("label/" + label));
  }
  batch.label = batch.labels[0];
  return batch;
}

// The elements of a parameter that a tensor of the file is.
Tensor part_of(const Tensor& whole, const Slice& slice, const Tensor& part) {
  const int64_t first = slice.index * part.count(), all = whole.count();
  CTR_CHECK_DATA(part.count() > 0 && all % part.count() == 0 && first + part.count() <= all,
                 "golden: {} elements are no part {} of '{}', which has {}", part.count(),
                 slice.index, slice.parameter, all);
  return whole.reshaped({all}).rows(first, first + part.count());
}

// Puts the file's parts of stacked parameters into the store; each must be filled.
void load_slices(GoldenFile& file, const Described& d, ParameterStore& store,
                 std::set<std::string>& loaded) {
  std::map<std::string, int64_t> filled;
  for (const auto& [name, slice] : d.slices) {
    Parameter* parameter = store.find(slice.parameter);
    CTR_CHECK_DATA(parameter != nullptr, "golden: {} has no parameter '{}' ({})", d.model,
                   slice.parameter, name);
    const Tensor value = file.take("param/" + name).cast(store.dtype());
    Tensor part = part_of(parameter->value, slice, value);
    std::memcpy(part.raw(), value.raw(), static_cast<size_t>(value.bytes()));
    filled[slice.parameter] += value.count();
  }
  for (const auto& [name, count] : filled) {
    CTR_CHECK_DATA(count == store.find(name)->value.count(),
                   "golden: the file has {} of the {} elements of '{}'", count,
                   store.find(name)->value.count(), name);
    loaded.insert(name);
  }
}

// Puts the file's parameters into the store, all of them.
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
  load_slices(file, d, store, loaded);
  for (const std::string& name : d.unused) file.take("param/" + name);
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

double largest_gradient(GoldenFile& file) {
  double largest = 0;
  for (const std::string& name : file.names("grad/")) {
    for (double g : file.take("grad/" + name).span<double>())
      largest = std::max(largest, std::fabs(g));
  }
  return largest;
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
    // What vanishes, all of it or nearly, is a difference of larger terms and holds their rounding.
    result.add("grad/" + name, expected, mine, own < 1e-12 * largest ? largest : 1e-6 * largest);
  };
  for (const auto& [name, mine] : d.names) {
    if (file.has("grad/" + name)) compare(name, gradient_of(gradients, *store.find(mine)));
  }
  for (const auto& [name, slice] : d.slices) {
    if (!file.has("grad/" + name)) continue;
    const Tensor whole = gradient_of(gradients, *store.find(slice.parameter));
    compare(name, part_of(whole, slice, file.at("grad/" + name)));
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
  Tape tape;
  const std::vector<Var> logits = model->logits(batch);
  const Var loss = weighted_sum(model->losses(logits, batch), {});
  compare_logits(file, "logit", "logit", logits, model->predictions(logits, batch), result);
  result.add("loss", file.take("loss"), loss.value());
  {
    NoGradient off;  // the folded form
    const std::vector<Var> evaluated = model->logits(batch);
    const std::vector<Prediction> tasks = model->predictions(evaluated, batch);
    compare_logits(file, file.has("logit_eval") ? "logit_eval" : "logit", "logit without gradient",
                   evaluated, tasks, result);
    compare_probabilities(file, tasks, result);
  }
  compare_gradients(file, d, store, backward(loss), result);
  return result;
}

}  // namespace ctr
