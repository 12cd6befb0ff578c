#include "tools/model_check.h"

#include "engine/rng.h"
#include "ops/loss/loss.h"

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
  return problem;
}

std::vector<ModelCase> model_cases(const std::string& model) {
  ModelOptions base;
  find_model(model).preset(base);
  base.embedding_dim = 4;
  base.embedding_deviation = 0.7;
  base.hidden_units = {6, 5};
  base.apg.rank_k = {3};
  base.apg.attention_units = 3;
  if (!base.apg.overparam_p.empty()) base.apg.overparam_p = {4};
  std::vector<ModelCase> cases{{model, model, base}};
  auto add = [&](const std::string& name, auto change) {
    cases.push_back({model + ", " + name, model, base});
    cases.back().options.linear = "apg";
    cases.back().options.apg.overparam_p = {};
    change(cases.back().options.apg);
  };
  if (model == "deepfm") add("linear apg", [](ApgOptions&) {});
  if (model != "apg") return cases;
  add("full", [](ApgOptions& a) { a.generate = "full"; });
  add("usv decomposed", [](ApgOptions& a) { a.generate = "usv"; });
  add("usv composed, generated bias", [](ApgOptions& a) {
    a.generate = "usv";
    a.decompose = false;
    a.generate_bias = true;
  });
  add("self-wise, hypernet 5", [](ApgOptions& a) {
    a.condition_mode = "self-wise";
    a.hypernet_hidden_units = {5};
  });
  add("group-wise, over-parameterised", [](ApgOptions& a) {
    a.condition_mode = "group-wise";
    a.condition_fields = {"user"};
    a.overparam_p = {4};
  });
  add("own condition tables", [](ApgOptions& a) { a.condition_embedding = "own"; });
  for (const char* aggregation : {"sum", "concat", "attention"}) {
    add(std::string("input ") + aggregation, [&](ApgOptions& a) { a.aggregation = aggregation; });
  }
  for (const char* aggregation : {"mean", "sum"}) {
    add(std::string("output ") + aggregation, [&](ApgOptions& a) {
      a.aggregation = aggregation;
      a.aggregation_side = "output";
    });
  }
  return cases;
}

std::vector<GradientError> check_model(const ModelCase& model_case) {
  SmallProblem problem = small_problem();
  GivenVectors none;
  ParameterStore store(DType::f64, 3);
  auto model =
      find_model(model_case.model).make(Scope(store), {problem.schema, none, model_case.options});
  if (model->counts()) return {};
  // Off zero, so that no gradient is trivially zero and no unit sits on a kink.
  for (const auto& parameter : store.all()) {
    Tensor shift = random_upstream(parameter->value,
                                   stream_of(parameter->name.data(), parameter->name.size()));
    for (int64_t i = 0; i < shift.count(); ++i)
      parameter->value.data<double>()[i] += 0.2 * shift.data<double>()[i];
  }
  return check_gradients(
      store, [&] { return bce_with_logits(model->logit(problem.batch), problem.batch.label); }, 40);
}

}  // namespace ctr
