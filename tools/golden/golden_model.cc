#include <cmath>
#include <map>
#include <set>

#include "engine/check.h"
#include "ops/activation/activation.h"
#include "ops/loss/loss.h"
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
  batch.label = file.take("label");
  return batch;
}

// Where element i of a parameter of the file lies in ours.
int64_t place_of(const Described& d, const std::string& name, int64_t i) {
  const auto found = d.elements.find(name);
  return found == d.elements.end() ? i : found->second[static_cast<size_t>(i)];
}

// Puts a parameter of the file into ours, or into its part of it.
void load(const std::string& name, const Tensor& value, const Described& d, Parameter& parameter) {
  const auto elements = d.elements.find(name);
  const bool fits = elements == d.elements.end()
                        ? value.count() == parameter.value.count()
                        : value.count() == static_cast<int64_t>(elements->second.size());
  CTR_CHECK_DATA(fits, "golden: '{}' is {}, the model has {}", name, value.shape(),
                 parameter.value.shape());
  for (int64_t i = 0; i < value.count(); ++i) {
    const int64_t at = place_of(d, name, i);
    CTR_CHECK_DATA(at < parameter.value.count(), "golden: '{}' is no part of '{}' {}", name,
                   parameter.name, parameter.value.shape());
    visit_float(parameter.value.dtype(), "golden", [&](auto zero) {
      parameter.value.data<decltype(zero)>()[at] =
          static_cast<decltype(zero)>(value.data<double>()[i]);
    });
  }
}

// Puts the file's parameters and states into the store.
void load(GoldenFile& file, const Described& d, ParameterStore& store) {
  std::set<std::string> loaded;
  for (const auto& [name, mine] : d.names) {
    Parameter* parameter = store.find(mine);
    CTR_CHECK_DATA(parameter != nullptr, "golden: {} has no parameter '{}' ({})", d.model, mine,
                   name);
    load(name, file.take("param/" + name), d, *parameter);
    loaded.insert(mine);
  }
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

Tensor part_of(const Tensor& whole, const std::vector<int64_t>& elements) {
  Tensor result({static_cast<int64_t>(elements.size())}, DType::f64);
  const Tensor values = whole.cast(DType::f64);
  for (size_t i = 0; i < elements.size(); ++i)
    result.data<double>()[i] = values.data<double>()[elements[i]];
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
  Var logit = model->logit(batch);
  Var loss = bce_with_logits(logit, batch.label.cast(dtype));
  result.add("logit", file.take("logit"), logit.value());
  result.add("loss", file.take("loss"), loss.value());
  {
    NoGradient off;  // the folded form
    Var evaluated = model->logit(batch);
    result.add("logit without gradient", file.take("logit"), evaluated.value());
    if (file.has("prob")) result.add("prob", file.take("prob"), sigmoid(evaluated).value());
  }
  Gradients gradients = backward(loss);
  const double largest = largest_gradient(file);
  for (const auto& [name, mine] : d.names) {
    if (!file.has("grad/" + name)) continue;
    const Parameter& parameter = *store.find(mine);
    const Gradient& gradient = gradients[parameter];
    Tensor dense = gradient.empty()     ? Tensor::zeros(parameter.value.shape(), dtype)
                   : gradient.is_rows() ? to_dense(gradient.rows())
                                        : gradient.dense();
    const Tensor& expected = file.take("grad/" + name);
    if (d.elements.contains(name)) dense = part_of(dense, d.elements.at(name));
    double own = 0;
    for (double g : expected.span<double>()) own = std::max(own, std::fabs(g));
    const double least = own < 1e-12 * largest ? 1 : least_gradient(dtype);
    result.add("grad/" + name, expected, dense, least * largest);
  }
  return result;
}

}  // namespace ctr
