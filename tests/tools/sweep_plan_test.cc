// Which runs a sweep has, what it refuses, and how it sums up.

#include <cmath>

#include <nlohmann/json.hpp>

#include "io/json.h"
#include "tests/tools/small_sweep.h"
#include "tools/sweep/summary.h"

namespace ctr {
namespace {

namespace fs = std::filesystem;

TEST_F(Sweeps, PlanIsTheProduct) {
  unfix("hidden_units");
  request.models = {"lr", "mlp"};
  request.grids = {"--learning-rate=1e-3,5e-4", "hidden_units=8/16,8"};
  request.seeds = {7, 8};
  const SweepPlan plan = plan_sweep(request);
  ASSERT_EQ(plan.runs.size(), 16u);
  EXPECT_EQ(plan.combinations(), 8u);
  EXPECT_EQ(plan.runs[0].name, "model=lr_learning-rate=0.001_hidden-units=8_seed=7");
  EXPECT_EQ(plan.runs[7].name, "model=mlp_learning-rate=0.0005_hidden-units=16-8_seed=7");
  EXPECT_EQ(plan.runs[8].name, "model=lr_learning-rate=0.001_hidden-units=8_seed=8");
  EXPECT_EQ(plan.runs[15].combination, 7u);
  EXPECT_EQ(plan.runs[7].train.model, "mlp");
  EXPECT_EQ(plan.runs[7].train.optimizer.learning_rate, 5e-4);
  EXPECT_EQ(plan.runs[7].model.hidden_units, (IntList{16, 8}));
  EXPECT_EQ(plan.runs[7].values, (std::vector<std::string>{"mlp", "0.0005", "16,8"}));
  EXPECT_EQ(plan.runs[8].train.seed, 8);
  EXPECT_EQ(plan.runs[8].train.batch_size, 64);
}

TEST_F(Sweeps, ConfigurationsAreAnAxis) {
  write_text_atomically(path("a.json"), R"({"model": "lr", "batch_size": 32, "preset": "bars"})");
  write_text_atomically(path("b.json"), R"({"model": "fm", "dropout": 0.5, "seed": 9})");
  request.configs = {path("a.json"), path("b.json")};
  request.grids = {"dropout=0.1"};
  const SweepPlan plan = plan_sweep(request);
  ASSERT_EQ(plan.runs.size(), 2u);
  EXPECT_EQ(plan.runs[0].name, "config=a_dropout=0.1_seed=1");
  EXPECT_EQ(plan.runs[0].train.model, "lr");
  EXPECT_EQ(plan.runs[0].train.batch_size, 64);  // the command line over the file
  EXPECT_EQ(plan.runs[0].train.clip_norm, 10);   // of the preset
  EXPECT_EQ(plan.runs[1].train.clip_norm, 0);
  EXPECT_EQ(plan.runs[1].train.model, "fm");
  EXPECT_EQ(plan.runs[1].model.dropout, 0.1);  // the grid over the file
  EXPECT_EQ(plan.runs[1].train.seed, 1);
  request.models = {"mlp"};
  EXPECT_EQ(plan_sweep(request).runs[1].train.model, "mlp");
  fs::create_directory(path("other"));
  write_text_atomically(path("other/a.json"), "{}");
  request.configs.push_back(path("other/a.json"));
  EXPECT_NE(refusal().find("would both be called 'a'; rename one"), std::string::npos);
}

TEST_F(Sweeps, MistakesAreNamedBeforeARunBegins) {
  auto with = [&](const std::string& grid) {
    request.grids = {grid};
    return refusal();
  };
  EXPECT_EQ(with("learnign-rate=1"),
            "sweep: --grid: unknown option 'learnign-rate'; did you mean 'learning-rate'?");
  EXPECT_EQ(with("learning_rate=1e-3,fast"),
            "sweep: --grid: learning_rate takes a number, got 'fast'");
  EXPECT_EQ(with("dropout=0,2"), "sweep: --grid: dropout must be between 0 and 0.99, got 2");
  EXPECT_EQ(with("optimizer=adma"),
            "sweep: --grid: optimizer cannot be 'adma'; did you mean 'adam'?");
  EXPECT_EQ(with("dropout=0.1,0.10"),
            "sweep: --grid: dropout has the value '0.1' twice; remove one");
  EXPECT_EQ(with("dropout"),
            "sweep: --grid: expected OPTION=VALUE,VALUE…, got 'dropout'; for instance "
            "learning-rate=1e-3,5e-4");
  EXPECT_EQ(with("seed=1,2"), "sweep: --grid: seeds have an option of their own: --seeds 1,2");
  EXPECT_EQ(with("batch-size=32,64"),
            "sweep: batch-size is both fixed and varied; leave --batch-size out, or put it into "
            "--grid alone");
  request.grids = {"dropout=0", "dropout=0.1"};
  EXPECT_EQ(refusal(), "sweep: dropout is varied twice; name all its values in one");
  request.grids = {};
  request.seeds = {1, 2, 1};
  EXPECT_EQ(refusal(), "sweep: --seeds has 1 twice; remove one");
  request.seeds = {1};
  request.models = {"lr", "depfm"};
  EXPECT_NE(refusal().find("did you mean 'deepfm'"), std::string::npos);
  // What options one by one cannot tell: the model is built.
  request.models = {"apg"};
  request.grids = {"rank-k=2/2,2,2"};
  EXPECT_EQ(
      message([&] { sweep(); }),
      "sweep: model=apg_rank-k=2-2-2: apg: --rank-k takes one value or 1 (one per layer), got "
      "3");
  request.models = {"lr"};
  request.grids = {"data=" + path("data") + "," + path("none")};
  unfix("data");
  EXPECT_NE(message([&] { sweep(); }).find("none"), std::string::npos);
  EXPECT_TRUE(begun.empty());
}

TEST_F(Sweeps, LongNamesStayDistinct) {
  request.grids = {"condition_fields=" + std::string(300, 'a') + "/" + std::string(301, 'a')};
  const std::vector<std::string> both = names();
  EXPECT_NE(both[0], both[1]);
  EXPECT_LE(both[0].size(), 180u);
  EXPECT_TRUE(both[0].ends_with("_seed=1"));
}

TEST(Spread, IsThatOfTheSample) {
  const Spread three = spread_of({1, 2, 6});
  EXPECT_EQ(three.mean, 3);
  EXPECT_NEAR(three.deviation, std::sqrt((4.0 + 1 + 9) / 2), 1e-15);
  EXPECT_TRUE(std::isnan(spread_of({5}).deviation));
  EXPECT_EQ(spread_of({5}).mean, 5);
  EXPECT_TRUE(std::isnan(spread_of({}).mean));
  EXPECT_TRUE(std::isnan(spread_of({1, NAN}).mean));
}

TEST_F(Sweeps, SummaryGoesByTheValidSplit) {
  request.models = {"lr", "mlp"};
  request.seeds = {1, 2};
  const SweepPlan plan = plan_sweep(request);
  SweepResult result;
  const double valid[] = {0.70, 0.71, 0.72, 0.70}, test[] = {0.69, 0.60, 0.71, 0.61};
  for (size_t i = 0; i < 4; ++i) {
    SweepRow row;
    row.run = plan.runs[i].name;
    row.model = plan.runs[i].train.model;
    row.values = plan.runs[i].values;
    row.seed = plan.runs[i].train.seed;
    row.valid.auc = valid[i];
    row.test.auc = test[i];
    row.test.logloss = 0.5;
    result.rows.push_back(row);
    result.runs.push_back(i);
  }
  const SweepSummary summary = summarise(plan, result);  // lr .71 and mlp .705 on valid
  EXPECT_EQ(summary.monitor, "auto");
  EXPECT_EQ(summary.best, 0u);
  EXPECT_NEAR(summary.combinations[0].monitor.mean, 0.71, 1e-12);
  EXPECT_NEAR(summary.combinations[0].test_auc.mean, 0.70, 1e-12);
  EXPECT_NEAR(summary.combinations[0].test_auc.deviation, 0.01 * std::sqrt(2), 1e-12);
  const std::string text = text_of(plan, summary);
  EXPECT_NE(text.find("*  model=lr     2  0.71000 ± 0.01414  0.70000 ± 0.01414  0.50000 ± 0.00000"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("   model=mlp    2  0.70500"), std::string::npos) << text;
  EXPECT_EQ(text.find("GAUC"), std::string::npos);
  const auto json = parse_json(json_of(plan, result, summary));
  EXPECT_EQ(json["runs"].size(), 4u);
  EXPECT_EQ(json["runs"][3]["settings"]["model"], "mlp");
  EXPECT_TRUE(json["runs"][3]["test"]["gauc"].is_null());
  EXPECT_EQ(json["combinations"][0]["best"], true);
  EXPECT_EQ(json["combinations"][1]["best"], false);
  EXPECT_NEAR(json["combinations"][1]["test_auc"]["mean"].get<double>(), 0.605, 1e-12);
}

}  // namespace
}  // namespace ctr
