// Models of several tasks: what they are when they become each other, the shallow tower, a task for
// each domain, FuxiCTR's names, and what they refuse.

#include <algorithm>
#include <cmath>
#include <functional>
#include <regex>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "io/json.h"
#include "tests/message.h"
#include "tools/golden/described.h"
#include "tools/model_check.h"

namespace ctr {
namespace {

const double* data(const Var& x) { return x.value().data<double>(); }

// A model on the problem of two tasks.
struct Built {
  SmallProblem problem;
  GivenVectors none;
  ParameterStore store{DType::f64, 1};
  std::unique_ptr<Model> model;

  Built(const std::string& name, const std::function<void(ModelOptions&)>& change = {},
        const std::function<void(Schema&)>& schema = {})
      : problem(small_problem_of(name)) {
    ModelOptions options = model_cases(name)[0].options;
    if (change) change(options);
    if (schema) schema(problem.schema);
    model = find_model(name).make(Scope(store), {problem.schema, none, options});
  }
  std::vector<Var> logits() const { return model->logits(problem.batch); }
};

void expect_equal(const std::vector<Var>& left, const std::vector<Var>& right) {
  ASSERT_EQ(left.size(), right.size());
  for (size_t t = 0; t < left.size(); ++t) {
    for (int64_t b = 0; b < left[t].dim(0); ++b)
      EXPECT_NEAR(data(left[t])[b], data(right[t])[b], 1e-13) << "task " << t << ", row " << b;
  }
}

TEST(TaskModels, PleOfOneLevelIsCgc) {
  const Built ple("ple", [](ModelOptions& o) { o.task.ple_levels = 1; });
  const Built cgc("cgc", [](ModelOptions& o) { o.task.expert_units = {6}; });
  expect_equal(ple.logits(), cgc.logits());  // one seed, the same names
}

TEST(TaskModels, CgcWithoutSpecificExpertsIsMmoe) {
  for (const char* name : {"cgc", "ple"}) {
    auto change = [](ModelOptions& o) {
      o.task.ple_levels = 1;
      o.task.specific_experts = 0;
      o.task.shared_experts = o.task.experts = 3;
      o.task.expert_units = {6, 5};
    };
    const Built all(name, change), mmoe("mmoe", change);
    for (const auto& parameter : mmoe.store.all()) {
      std::string theirs =
          std::regex_replace(parameter->name, std::regex("^expert/"), "level/0/shared/expert/");
      theirs = std::regex_replace(theirs, std::regex("^gate/"), "level/0/task/");
      theirs = std::regex_replace(theirs, std::regex("^(level/0/task/.)/"), "$1/gate/");
      const Parameter* same = all.store.find(theirs);
      ASSERT_NE(same, nullptr) << theirs;
      parameter->value = same->value;
    }
    EXPECT_EQ(all.store.count_trainable(), mmoe.store.count_trainable());
    expect_equal(all.logits(), mmoe.logits());
  }
}

TEST(TaskModels, EachExpertHasItsOwnNumbers) {
  const Built mmoe("mmoe");
  const Tensor& weight = mmoe.store.find("expert/0/weight")->value;
  const int64_t each = weight.count() / weight.dim(0);
  EXPECT_NE(weight.data<double>()[0], weight.data<double>()[each]);
}

TEST(TaskModels, ConversionsOfAllImpressionsAreFewerThanClicks) {
  const Built esmm("esmm");
  const std::vector<Prediction> all = esmm.model->predictions(esmm.logits(), esmm.problem.batch);
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].name + all[1].name + all[2].name, "ctrcvrctcvr");
  for (int64_t b = 0; b < esmm.problem.batch.rows; ++b) {
    EXPECT_LE(all[2].probability.data<double>()[b], all[0].probability.data<double>()[b]);
    EXPECT_EQ(all[1].counted.data<int64_t>()[b] != 0,
              esmm.problem.batch.labels[0].data<double>()[b] > 0.5);
    EXPECT_EQ(all[2].label.data<double>()[b], esmm.problem.batch.labels[0].data<double>()[b] *
                                                  esmm.problem.batch.labels[1].data<double>()[b]);
  }
}

TEST(TaskModels, OneLabelIsOneTask) {
  const SmallProblem problem = small_problem();
  for (const char* name : {"sharedbottom", "mmoe", "cgc", "ple"}) {
    GivenVectors none;
    ParameterStore store(DType::f64, 1);
    auto model = find_model(name).make(Scope(store), {problem.schema, none, ModelOptions()});
    EXPECT_EQ(model->logits(problem.batch).size(), 1U);
  }
}

Var logit_at(const Built& built, int64_t position) {
  Batch batch = built.problem.batch;
  batch.fields[static_cast<size_t>(built.problem.schema.index_of("position"))].ids =
      Tensor::from({batch.rows}, std::vector<int64_t>(static_cast<size_t>(batch.rows), position));
  return built.model->logit(batch);
}

TEST(ShallowTower, ThePositionIsMissingInPrediction) {
  auto shallow = [](const char* serve) {
    return [serve](ModelOptions& o) {
      o.task.shallow.fields = {"position", "domain"};
      o.task.shallow.serve = serve;
    };
  };
  const Built missing("mmoe", shallow("missing")), given("mmoe", shallow("given"));
  expect_equal({logit_at(missing, 3)}, {logit_at(missing, 1)});
  expect_equal({logit_at(missing, 3)}, {logit_at(given, 0)});
  EXPECT_GT(std::fabs(data(logit_at(given, 3))[0] - data(logit_at(given, 1))[0]), 1e-3);
}

// Of 2000 rows at one position a tenth has the logit of a missing one.
TEST(ShallowTower, ThePositionIsDroppedInTraining) {
  constexpr int64_t kRows = 2000;
  Built built("sharedbottom", [](ModelOptions& o) { o.task.shallow.fields = {"position"}; });
  Batch batch;
  batch.rows = kRows;
  for (const Field& field : built.problem.schema.fields) {
    const Tensor zeros = Tensor::zeros({kRows}, DType::i64);
    Tensor ids = zeros.clone();
    if (field.name == "position") ids = Tensor::from({kRows}, std::vector<int64_t>(kRows, 2));
    batch.fields.push_back(
        {ids, field.is_list() ? zeros : Tensor(), Tensor::zeros({kRows}, DType::f64)});
  }
  const Tensor missing = built.model->logit(batch).value();
  built.store.mode().training = true;
  auto dropped = [&](uint32_t step) {
    built.store.mode().step = step;
    const Tensor logit = built.model->logit(batch).value();
    std::vector<bool> rows;
    for (int64_t b = 0; b < kRows; ++b)
      rows.push_back(logit.data<double>()[b] == missing.data<double>()[b]);
    return rows;
  };
  const std::vector<bool> first = dropped(1), second = dropped(2);
  const auto count = std::count(first.begin(), first.end(), true);
  EXPECT_NEAR(static_cast<double>(count), 200, 60);
  EXPECT_NE(first, second);
  EXPECT_EQ(first, dropped(1));
}

TEST(TasksByDomain, ARowHasItsOwnDomainsTower) {
  Built built("mmoe", [](ModelOptions& o) { o.task.tasks = "domains"; });
  const Tensor before = built.logits().front().value().clone();
  EXPECT_EQ(built.logits().size(), 1U);
  built.store.find("head/1/bias")->value.data<double>()[0] += 2;
  const Tensor after = built.logits().front().value();
  for (int64_t b = 0; b < before.count(); ++b) {
    const double moved = built.problem.batch.domain.data<int64_t>()[b] == 1 ? 2 : 0;
    EXPECT_NEAR(after.data<double>()[b] - before.data<double>()[b], moved, 1e-12);
  }
}

TEST(TasksByDomain, OtherTowersGetNoGradient) {
  Built built("cgc", [](ModelOptions& o) { o.task.tasks = "domains"; });
  Batch& batch = built.problem.batch;
  batch.domain = Tensor::zeros({batch.rows}, DType::i64);
  Tape tape;
  const Gradients gradients = backward(loss_of(*built.model, batch));
  auto largest = [&](const char* name) {
    double most = 0;
    for (double g : gradients[*built.store.find(name)].dense().span<double>())
      most = std::fmax(most, std::fabs(g));
    return most;
  };
  EXPECT_GT(largest("head/0/weight"), 0);
  EXPECT_EQ(largest("head/1/weight"), 0);
  EXPECT_EQ(largest("level/0/task/2/gate/weight"), 0);
}

TEST(TaskWeights, WeighTheLosses) {
  const Built built("mmoe");
  const std::vector<Var> losses = built.model->losses(built.logits(), built.problem.batch);
  const double weights[] = {0.5, 3};
  EXPECT_NEAR(data(loss_of(*built.model, built.problem.batch, weights))[0],
              0.5 * data(losses[0])[0] + 3 * data(losses[1])[0], 1e-14);
  EXPECT_EQ(message([&] { weighted_sum(losses, std::vector<double>{1}); }),
            "tasks: 1 weights for 2 tasks; set --task-weights");
}

std::string refusal(const std::string& model, const std::function<void(ModelOptions&)>& change,
                    const std::function<void(Schema&)>& schema = {}) {
  return message([&] { Built(model, change, schema); });
}

TEST(TaskRefusals, SayWhatToDo) {
  EXPECT_EQ(refusal("esmm", {}, [](Schema& s) { s.labels = {"click"}; }),
            "esmm: the data must have two labels, a click and a conversion after it, with --tasks "
            "labels; 'small' has 1");
  EXPECT_EQ(refusal(
                "mmoe", [](ModelOptions& o) { o.task.tasks = "domains"; },
                [](Schema& s) { s.fields[2].role = FieldRole::none; }),
            "tasks: --tasks domains needs a field with the role domain; 'small' has none");
  EXPECT_EQ(refusal("mmoe", [](ModelOptions& o) { o.task.shallow.fields = {"domain"}; }),
            "shallow tower: 'domain', the first of --shallow-fields, must be categorical with id 0 "
            "for a missing position; prepare it with padding");
  EXPECT_EQ(refusal("mmoe", [](ModelOptions& o) { o.task.shallow.fields = {"positon"}; }),
            "data set 'small' has no field 'positon'; did you mean 'position'?");
  EXPECT_EQ(refusal("mmoe",
                    [](ModelOptions& o) {
                      o.task.shallow.fields = {"position"};
                      o.task.shallow.tasks = {"clik"};
                    }),
            "shallow tower: there is no task 'clik'; did you mean 'click'?");
  EXPECT_EQ(refusal("ple", [](ModelOptions& o) { o.task.expert_units = {}; }),
            "experts: an expert needs a layer; set --expert-units");
}

TEST(TaskPeers, SharedBottomHasTwoNames) {
  for (const char* name : {"ShareBottom", "SharedBottom"}) {
    const Described d = described_peer(name, parse_json(R"({"bottom_hidden_units": [3, 2]})"),
                                       small_problem().schema, "2", {});
    EXPECT_EQ(d.model, "sharedbottom");
    EXPECT_EQ(d.options.task.bottom_units, (IntList{3, 2}));
    EXPECT_EQ(d.options.task.tower_units, IntList{64});
  }
}

// FuxiCTR's PLE: every parameter is one of ours or a part of one, but for the shared gate of the
// last level, which nothing reads.
TEST(TaskPeers, FuxiCtrsLevels) {
  Schema schema;
  schema.name = "two";
  schema.labels = {"y1", "y2"};
  schema.fields = {{"c1", FieldType::categorical, 7}, {"c2", FieldType::categorical, 5}};
  PeerShapes shapes;
  for (const auto& [name, rows] : {std::pair{"c1", 7}, {"c2", 5}})
    shapes[std::string("embedding_layer.embedding_layer.embedding_layers.") + name + ".weight"] = {
        rows, 2};
  auto add = [&](const std::string& name, IntList widths) {
    for (size_t l = 0; l + 1 < widths.size(); ++l) {
      const std::string module = name + ".mlp." + std::to_string(2 * l) + ".";
      shapes[module + "weight"] = {widths[l + 1], widths[l]};
      shapes[module + "bias"] = {widths[l + 1]};
    }
  };
  for (int level = 0; level < 2; ++level) {
    const std::string place = "cgc_layers." + std::to_string(level) + ".";
    const int64_t in = level == 0 ? 4 : 6;
    for (const char* e : {"0", "1"}) add(place + "shared_experts." + e, {in, 6});
    for (const char* e : {"0.0", "1.0"}) add(place + "specific_experts." + e, {in, 6});
    for (const char* t : {"0", "1"}) add(place + "gate." + t, {in, 3, 3});
    add(place + "gate.2", {in, 3, 2});
  }
  for (const char* t : {"0", "1"}) add(std::string("tower.") + t, {6, 4, 1});
  const Described d =
      described_peer("PLE",
                     parse_json(R"({"num_tasks": 2, "num_layers": 2, "num_shared_experts": 2, )"
                                R"("expert_hidden_units": [6], "gate_hidden_units": [3], )"
                                R"("tower_hidden_units": [4], "task": ["binary_classification"], )"
                                R"("loss_weight": "EQ"})"),
                     schema, "2", shapes);
  EXPECT_EQ(d.options.task.ple_dialect, "fuxictr");
  EXPECT_EQ(d.unused.size(), 4U);
  ParameterStore store(DType::f64, 1);
  GivenVectors none;
  auto model = find_model(d.model).make(Scope(store), {d.schema, none, d.options});
  int64_t count = 0;
  auto elements = [&](const std::string& name) {
    int64_t all = 1;
    for (int64_t n : shapes.at(name)) all *= n;
    return all;
  };
  for (const auto& [theirs, ours] : d.names) {
    ASSERT_NE(store.find(ours), nullptr) << theirs << " as " << ours;
    EXPECT_EQ(store.find(ours)->value.count(), elements(theirs)) << theirs;
    count += elements(theirs);
  }
  for (const auto& [theirs, part] : d.parts) {
    ASSERT_NE(store.find(part.parameter), nullptr) << theirs << " as " << part.parameter;
    EXPECT_EQ(std::ssize(part.elements), elements(theirs));
    EXPECT_LT(part.elements.back(), store.find(part.parameter)->value.count());
    count += elements(theirs);
  }
  EXPECT_EQ(count, store.count_trainable());
}

}  // namespace
}  // namespace ctr
