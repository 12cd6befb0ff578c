// Few-label curves and curves of learning, of an ablation of a task on few users.

#include "tools/ablation/curves.h"

#include <algorithm>
#include <cmath>

#include "io/shared_users.h"
#include "tests/tools/small_sweep.h"
#include "tools/ablation/svg.h"

namespace ctr {
namespace {

class Curves : public Sweeps {
 protected:
  AblationRequest ask;

  void SetUp() override {
    Sweeps::SetUp();
    SharedUsersOptions few;
    few.users = 60;
    few.labelled = 20;
    simulate_shared_users_target(few, path("users"));
    data = read_dataset(path("users"));
    ask.model = "peterrec";
    ask.what = "labels";
    ask.labels = {5, 10};
    ask.variants = {"finecls"};
    ask.seeds = {1, 2};
    ask.fixed = request.fixed;
    for (const auto& [name, text] :
         std::vector<std::pair<std::string, std::string>>{{"data", path("users")},
                                                          {"embedding_dim", "8"},
                                                          {"epochs", "2"},
                                                          {"next_dilations", "1"}})
      ask.fixed.push_back({name, text, "ablate"});
  }
  AblationPlan plan() { return plan_ablation(ask, data); }
};

TEST_F(Curves, EachVariantOnEachNumberOfRows) {
  const AblationPlan planned = plan();
  std::vector<std::string> names, beside;
  std::vector<int64_t> rows;
  for (const PlannedVariant& variant : planned.variants) {
    names.push_back(variant.name);
    beside.push_back(planned.variants[variant.beside].name);
    rows.push_back(variant.rows);
  }
  EXPECT_EQ(names, (std::vector<std::string>{"full", "finecls", "full-10", "finecls-10", "full-5",
                                             "finecls-5"}));
  EXPECT_EQ(beside,
            (std::vector<std::string>{"full", "full", "full-10", "full-10", "full-5", "full-5"}));
  EXPECT_EQ(rows, (std::vector<int64_t>{20, 20, 10, 10, 5, 5}));
  EXPECT_EQ(planned.sweep.runs[2].train.train_rows, 10);
  ask.labels = {};
  EXPECT_EQ(plan().variants.back().name, "finecls-2") << "an eighth of 20";
  ask.labels = {20};
  EXPECT_NE(message([this] { plan(); }).find("the data has 20 training rows"), std::string::npos);
  ask.labels = {5};
  ask.variants = {"finecl"};
  EXPECT_NE(message([this] { plan(); }).find("did you mean 'finecls'"), std::string::npos);
}

TEST_F(Curves, AreThoseOfTheRuns) {
  const AblationPlan planned = plan();
  const SweepResult result = run_sweep(planned.sweep, path("labels"), false, events);
  const AblationReport report = report_of(planned, result, data, path("labels"), 0.95);
  for (const VariantReport& variant : report.variants) EXPECT_EQ(variant.done, 2);
  // Differences are to the full model on as many rows.
  const Compared& five = report.variants[5].test[0];
  EXPECT_NEAR(five.difference.mean, five.value.mean - report.variants[4].test[0].value.mean, 1e-12);
  const std::vector<LearningCurve> curves =
      learning_curves(planned, report, result, path("labels"));
  ASSERT_EQ(curves.size(), 12u);
  for (size_t i = 0; i < curves.size(); ++i) {
    ASSERT_EQ(curves[i].points.size(), 2u);
    double best = 0;
    for (const CurvePoint& point : curves[i].points) {
      EXPECT_GT(point.train_loss, 0);
      best = std::max(best, point.valid[1]);
    }
    EXPECT_GE(best + 1e-12, result.rows[i].valid.ranking.mrr10);
  }
  const std::string csv = csv_of(curves, report);
  EXPECT_EQ(csv.substr(0, csv.find('\n')), "variant,seed,epoch,train_loss,valid_hr1,valid_mrr10");
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 1 + 12 * 2);
  const std::string chart = svg_file(label_chart(report));
  EXPECT_TRUE(chart.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" "));
  EXPECT_NE(chart.find(">finecls</text>"), std::string::npos);
  EXPECT_EQ(chart.find(">finecls-5</text>"), std::string::npos) << "a panel for each method";
  EXPECT_EQ(chart.find("nan"), std::string::npos);
  EXPECT_NE(valid_chart(curves, report).find(">finecls-5</text>"), std::string::npos);
}

}  // namespace
}  // namespace ctr
