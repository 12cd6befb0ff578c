#include "tools/model_check.h"

#include <algorithm>

#include "engine/rng.h"

namespace ctr {
namespace {

Tensor random_ids(int64_t rows, int64_t vocabulary, uint64_t stream) {
  const RandomStream random{21, stream, 0};
  Tensor ids({rows}, DType::i64);
  for (int64_t i = 0; i < rows; ++i) {
    ids.data<int64_t>()[i] = static_cast<int64_t>(
        random.below(static_cast<uint64_t>(vocabulary), static_cast<uint64_t>(i)));
  }
  return ids;
}

}  // namespace

SmallProblem small_problem() {
  constexpr int64_t kRows = 9;
  SmallProblem problem;
  problem.schema.name = "small";
  problem.schema.domains = 3;
  problem.schema.fields = {{"user", FieldType::categorical, 7, FieldRole::user, false, "", 0},
                           {"item", FieldType::categorical, 5, FieldRole::item, false, "", 0},
                           {"domain", FieldType::categorical, 3, FieldRole::domain, false, "", 0},
                           {"tags", FieldType::sequence, 6, FieldRole::none, false, "", 0},
                           {"price", FieldType::numeric, 0, FieldRole::none, false, "", 0}};
  Batch& batch = problem.batch;
  batch.rows = kRows;
  for (size_t f = 0; f < 3; ++f)
    batch.fields.push_back({random_ids(kRows, problem.schema.fields[f].vocabulary, f), {}, {}});
  Tensor offsets({kRows}, DType::i64);
  for (int64_t b = 0; b < kRows; ++b)
    offsets.data<int64_t>()[b] = b < 2 ? 0 : 2 * (b - 1);  // the first bag is empty
  batch.fields.push_back({random_ids(2 * kRows - 1, 6, 7), offsets, {}});
  batch.fields.push_back({{}, {}, random_upstream(Tensor({kRows}, DType::f64), 8)});
  batch.domain = batch.fields[2].ids;
  Tensor label({kRows}, DType::f64);
  for (int64_t b = 0; b < kRows; ++b) label.data<double>()[b] = static_cast<double>(b % 3 == 0);
  batch.label = label;
  batch.labels = {label};
  return problem;
}

namespace {

// A second label, and a position that may be missing.
SmallProblem problem_of_two_tasks() {
  SmallProblem problem = small_problem();
  problem.schema.labels = {"click", "conversion"};
  problem.schema.fields.push_back(
      {"position", FieldType::categorical, 4, FieldRole::none, true, "", 0});
  Batch& batch = problem.batch;
  batch.fields.push_back({random_ids(batch.rows, 4, 10), {}, {}});
  Tensor label({batch.rows}, DType::f64);
  for (int64_t b = 0; b < batch.rows; ++b)
    label.data<double>()[b] = static_cast<double>(b % 2 == 0);
  batch.labels.push_back(label);
  return problem;
}

// Histories of 0 to 7 items, no two of one length, and so each place of each row has a past of its
// own; and an item that was not chosen.
SmallProblem problem_of_sequences() {
  constexpr int64_t kRows = 8, kItems = 12;
  SmallProblem problem;
  problem.schema.name = "small";
  problem.schema.fields = {{"item", FieldType::categorical, kItems, FieldRole::item, true, "", 0},
                           {"history", FieldType::sequence, kItems, FieldRole::none, true, "", 0},
                           {"negative", FieldType::categorical, kItems, FieldRole::none, true}};
  problem.schema.fields[1].shares = "item";
  problem.schema.fields[1].max_length = kRows - 1;
  problem.schema.fields[2].input = false;
  Batch& batch = problem.batch;
  batch.rows = kRows;
  auto items = [](int64_t count, uint64_t stream) {  // none of them 0
    Tensor ids = random_ids(count, kItems - 1, stream);
    for (int64_t i = 0; i < count; ++i) ++ids.data<int64_t>()[i];
    return ids;
  };
  Tensor offsets({kRows}, DType::i64), label({kRows}, DType::f64);
  for (int64_t b = 0; b < kRows; ++b) {
    offsets.data<int64_t>()[b] = b * (b - 1) / 2;
    label.data<double>()[b] = static_cast<double>(b % 3 == 0);
  }
  batch.fields = {{items(kRows, 1), {}, {}},
                  {items(kRows * (kRows - 1) / 2, 2), offsets, {}},
                  {items(kRows, 3), {}, {}}};
  batch.label = label;
  batch.labels = {label};
  return problem;
}

}  // namespace

SmallProblem small_problem_of(const std::string& model) {
  if (find_model(model).learns_sequences) return problem_of_sequences();
  if (find_model(model).labels == 2) return problem_of_two_tasks();
  SmallProblem problem = small_problem();
  if (!find_model(model).needs_sequences) return problem;
  Field& tags = problem.schema.fields[3];
  tags.max_length = 4;
  Field history = tags;
  history.name = "history";
  history.vocabulary = problem.schema.fields[1].vocabulary;
  history.shares = "item";
  history.max_length = 3;  // less than the longest row
  for (size_t f : {1U, 3U}) problem.schema.fields[f].padding = true;
  history.padding = true;
  problem.schema.fields.push_back(history);
  const int64_t rows = problem.batch.rows;
  Tensor offsets({rows}, DType::i64);
  for (int64_t b = 0; b < rows; ++b) offsets.data<int64_t>()[b] = b * (b - 1) / 8;
  problem.batch.fields.push_back({random_ids(rows + 3, history.vocabulary, 9), offsets, {}});
  return problem;
}

namespace {

// Whether the model builds something else with --linear apg: it has an MLP then.
bool has_mlp(const ModelInfo& info, const SmallProblem& problem, const ModelOptions& options) {
  auto parameters = [&](const char* linear) {
    ModelOptions changed = options;
    changed.linear = linear;
    GivenVectors none;
    ParameterStore store(DType::f32, 1);
    auto model = info.make(Scope(store), {problem.schema, none, changed});
    std::vector<std::string> names;
    for (const auto& parameter : store.all()) names.push_back(parameter->name);
    return names;
  };
  return parameters("plain") != parameters("apg");
}

}  // namespace

std::vector<ModelCase> model_cases(const std::string& model) {
  const ModelInfo& info = find_model(model);
  ModelOptions base;
  info.preset(base);
  base.embedding_dim = 4;
  base.embedding_deviation = 0.7;
  base.hidden_units = {6, 5};
  info.shrink(base);
  std::vector<ModelCase> cases{{model, model, base}};
  for (const ModelVariant& variant : info.variants) {
    cases.push_back({model + ", " + variant.name, model, base});
    variant.change(cases.back().options);
  }
  ModelOptions rows = base;
  rows.apg.rank_k = {3};
  rows.mlora.reduce = 3;
  if (base.linear == "plain" && has_mlp(info, small_problem_of(model), rows)) {
    for (const char* linear : {"apg", "mlora"}) {
      cases.push_back({model + ", linear " + linear, model, rows});
      cases.back().options.linear = linear;
      // In layers so narrow ReLUs that die leave too few.
      if (linear == std::string("mlora")) cases.back().options.activation = "leaky_relu";
    }
  }
  return cases;
}

std::vector<GradientError> check_model(const ModelCase& model_case) {
  SmallProblem problem = small_problem_of(model_case.model);
  GivenVectors none;
  ParameterStore store(DType::f64, 3);
  auto model =
      find_model(model_case.model).make(Scope(store), {problem.schema, none, model_case.options});
  if (model->counts()) return {};
  store.mode().training = true;  // batch norm's gradient runs through the batch's statistics
  // Off zero, so that no gradient is trivially zero and no unit sits on a kink.
  for (const auto& parameter : store.all()) {
    if (!is_floating(parameter->value.dtype())) continue;
    Tensor shift = random_upstream(parameter->value, stream_of(parameter->name));
    for (int64_t i = 0; i < shift.count(); ++i)
      parameter->value.data<double>()[i] += 0.2 * shift.data<double>()[i];
  }
  return check_gradients(
      store, [&] { return loss_of(*model, problem.batch); }, 40);
}

bool gradient_vanishes(const std::string& parameter, const std::vector<GradientError>& all) {
  if (parameter.ends_with("/k/bias")) return true;
  if (!parameter.ends_with("/bias")) return false;
  const std::string norm = parameter.substr(0, parameter.size() - 4) + "bn/bias";
  return std::any_of(all.begin(), all.end(), [&](const auto& one) { return one.name == norm; });
}

}  // namespace ctr
