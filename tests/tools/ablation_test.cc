// Ablations: which variants run and why others do not, what is skipped when the command comes
// again, what the reports say.

#include <algorithm>
#include <cmath>
#include <set>
#include <sstream>

#include "io/shared_users.h"
#include "models/layers/embedding.h"
#include "tests/tools/small_sweep.h"
#include "tools/ablation/chart.h"
#include "tools/ablation/report.h"
#include "tools/ablation/scale.h"

namespace ctr {
namespace {

class Ablations : public Sweeps {
 protected:
  AblationRequest ask;

  void SetUp() override {
    Sweeps::SetUp();
    ask.fixed = request.fixed;
    for (const auto& [name, text] : std::vector<std::pair<std::string, std::string>>{
             {"rank_k", "2"}, {"overparam_p", "3"}, {"epochs", "2"}})
      ask.fixed.push_back({name, text, "ablate"});
    ask.seeds = {1, 2};
  }
  AblationPlan plan() { return plan_ablation(ask, data); }
  std::string refused() {
    return message([this] { plan(); });
  }
  std::vector<std::string> variants() {
    std::vector<std::string> names;
    for (const PlannedVariant& variant : plan().variants) names.push_back(variant.name);
    return names;
  }
  std::string reason(const std::string& name) {
    for (const LeftOut& one : plan().left_out)
      if (one.name == name) return one.reason;
    return "it runs";
  }
  Dataset users_with_targets() const {
    SharedUsersOptions few;
    few.users = 60;
    few.labelled = 20;
    simulate_shared_users_target(few, path("users"));
    return read_dataset(path("users"));
  }
  SweepResult run(const AblationPlan& planned) {
    return run_sweep(planned.sweep, path("ablation"), false, events);
  }
  AblationReport report() {
    const AblationPlan planned = plan();
    return report_of(planned, run(planned), data, path("ablation"), 0.95);
  }
};

TEST_F(Ablations, FullModelFirstThenVariantsBySeed) {
  ask.variants = {"self-wise", "no-overparam", "plain"};
  const AblationPlan p = plan();
  EXPECT_EQ(variants(), (std::vector<std::string>{"full", "plain", "no-overparam", "self-wise"}));
  ASSERT_EQ(p.sweep.runs.size(), 8u);
  EXPECT_EQ(p.sweep.combinations(), 4u);
  EXPECT_EQ(p.sweep.runs[0].name, "variant=full_seed=1");
  EXPECT_EQ(p.sweep.runs[7].name, "variant=self-wise_seed=2");
  EXPECT_EQ(p.sweep.runs[7].combination, 3u);
  EXPECT_EQ(p.sweep.runs[7].train.seed, 2);
  EXPECT_EQ(p.sweep.runs[7].model.apg.condition_mode, "self-wise");
  EXPECT_EQ(p.sweep.runs[7].model.apg.overparam_p, (IntList{3}));  // the rest is the full model
  EXPECT_EQ(p.sweep.runs[6].model.apg.overparam_p, IntList{});
  EXPECT_EQ(p.sweep.runs[5].model.linear, "plain");
  EXPECT_EQ(p.sweep.runs[0].train.epochs, 2);    // of the command line
  EXPECT_EQ(p.sweep.runs[0].train.patience, 2);  // of the short protocol
  EXPECT_EQ(p.variants[3].settings, "condition_mode=self-wise");
  EXPECT_EQ(p.variants[0].settings, "");
}

TEST_F(Ablations, MistakesGetTheNearestName) {
  ask.variants = {"self-wiss"};
  EXPECT_EQ(refused(), "ablate: apg has no variant 'self-wiss'; did you mean 'self-wise'?");
  ask.variants = {};
  ask.model = "mlroa";
  EXPECT_NE(refused().find("did you mean 'mlora'?"), std::string::npos) << refused();
  ask.model = "deepfm";
  EXPECT_NE(refused().find("--what embeddings works with every model"), std::string::npos);
  ask.model = "apg";
  ask.seeds = {1, 1};
  EXPECT_EQ(refused(), "ablate: --seeds has 1 twice; remove one");
  ask.seeds = {1};
  ask.fixed.push_back({"learnign_rate", "1", "ablate"});
  EXPECT_NE(refused().find("did you mean 'learning_rate'?"), std::string::npos);
}

TEST_F(Ablations, EveryTableRunsOnThisData) {
  for (const Ablation& table : ablations()) {
    ask.model = table.model;
    ask.most_cost = 0;
    ask.fixed.push_back({"dropout", "0.1", "ablate"});
    const bool sequences = find_model(table.model).needs_sequences;
    const AblationPlan p = plan_ablation(ask, sequences ? users_with_targets() : data);
    std::set<std::string> names;
    for (const Variant& variant : table.variants) {
      EXPECT_TRUE(names.insert(variant.name).second) << variant.name << " stands twice";
      EXPECT_FALSE(variant.what.empty()) << variant.name;
    }
    EXPECT_EQ(p.variants.size() + p.left_out.size(), table.variants.size() + 1);
    for (const LeftOut& one : p.left_out)  // ranks above the layer's width
      EXPECT_TRUE(one.reason.starts_with("apg: K must lie between") ||
                  one.reason.starts_with("apg: P must be at least") ||
                  one.reason.starts_with("with these options it is"))
          << table.model << ' ' << one.name << ": " << one.reason;
  }
}

// Rows that are all clicks are compared by where the told items stand.
TEST_F(Ablations, OfTargetsAreComparedByTheirPlaces) {
  data = users_with_targets();
  ask.model = "peterrec";
  ask.variants = {"finecls", "popularity"};
  for (const auto& [name, text] : std::vector<std::pair<std::string, std::string>>{
           {"data", path("users")}, {"embedding_dim", "8"}, {"next_dilations", "1"}})
    ask.fixed.push_back({name, text, "ablate"});
  const AblationReport r = report();
  EXPECT_EQ(r.metrics[0].name, "HR@1");
  EXPECT_EQ(r.metrics[1].key, "mrr10");
  for (const VariantReport& variant : r.variants) {
    EXPECT_EQ(variant.done, 2) << variant.plan.name;
    EXPECT_GE(variant.test[1].value.mean, variant.test[0].value.mean);
  }
  EXPECT_NE(text_of(r).find("test HR@1"), std::string::npos);
  EXPECT_NE(csv_of(r).find("test_mrr10_difference"), std::string::npos);
  EXPECT_NE(html_of(r, {}).find("MRR@10 of the test split"), std::string::npos);
}

TEST_F(Ablations, LeftOutWithReasons) {
  EXPECT_EQ(reason("group-domain"), "it runs");
  ask.fixed.push_back({"aggregation", "sum", "ablate"});
  EXPECT_EQ(reason("mix-sum"), "with these options it is 'full'");
  EXPECT_EQ(reason("rank-32").substr(0, 22), "apg: K must lie betwee");
  ask.fixed.pop_back();
  data.schema.fields[2].role = FieldRole::none;  // no domain
  EXPECT_EQ(reason("group-domain"), "data set 'small' marks no domain field");
  EXPECT_EQ(reason("mix-attention"),
            "there is one condition, nothing to aggregate; name two --condition-fields");
  EXPECT_EQ(reason("group-user"), "it runs");
  ask.model = "mlora";
  EXPECT_NE(refused().find("marks no domain field"), std::string::npos);  // the full model itself
  data.schema.fields[2].role = FieldRole::domain;
  EXPECT_EQ(reason("output-dropout"), "nothing is dropped without --dropout above 0");
  ask.model = "finalmlp";
  ask.fixed.push_back({"hidden_units", "9,6", "ablate"});
  EXPECT_EQ(reason("heads-4"), "4 heads do not divide the last layers");
  EXPECT_EQ(reason("heads-2"), "it runs");
}

TEST_F(Ablations, DearVariantsRunWhenNamed) {
  ask.most_cost = 1.5;
  EXPECT_NE(reason("basic").find("times what the full model's does; name it in --variants"),
            std::string::npos);
  const std::vector<std::string> names = variants();
  EXPECT_EQ(std::count(names.begin(), names.end(), "basic"), 0);
  ask.variants = {"basic"};
  EXPECT_EQ(variants(), (std::vector<std::string>{"full", "basic"}));
}

TEST_F(Ablations, FrozenAdaptersStayAtZero) {
  ask.model = "mlora";
  ask.variants = {"plain", "rank-0"};
  const AblationReport r = report();
  ASSERT_EQ(r.variants.size(), 3u);
  EXPECT_EQ(r.variants[2].plan.cost.trained, r.variants[1].plan.cost.trained);
  EXPECT_GT(r.variants[2].plan.cost.parameters, r.variants[1].plan.cost.parameters);
  EXPECT_NEAR(r.variants[2].test[0].value.mean, r.variants[1].test[0].value.mean, 1e-3);
  EXPECT_EQ(r.variants[0].test[0].difference.mean, 0);
}

TEST_F(Ablations, GoesOnWhereItStopped) {
  ask.variants = {"plain"};
  events.stop = [this] { return steps >= 5; };
  EXPECT_TRUE(run(plan()).interrupted);
  events.stop = [] { return false; };
  const SweepResult whole = run(plan());
  EXPECT_EQ(whole.rows.size(), 4u);
  EXPECT_EQ(steps, 4 * 2 * 4);  // each step once
  begun.clear();
  run(plan());
  EXPECT_TRUE(begun.empty());
  ask.variants = {"plain", "self-wise"};
  run(plan());
  EXPECT_EQ(begun,
            (std::vector<std::string>{"variant=self-wise_seed=1", "variant=self-wise_seed=2"}));
  ask.fixed.push_back({"learning_rate", "0.5", "ablate"});
  EXPECT_NE(message([&] { run(plan()); }).find("belongs to another ablation: learning_rate"),
            std::string::npos);
}

// Elements that are opened are closed, in order; returns their ids.
std::set<std::string> checked_tags(const std::string& html) {
  std::vector<std::string> open;
  std::set<std::string> ids;
  for (size_t at = html.find('<'); at != std::string::npos; at = html.find('<', at + 1)) {
    const size_t end = html.find('>', at);
    EXPECT_NE(end, std::string::npos);
    std::string tag = html.substr(at + 1, end - at - 1);
    if (const size_t id = tag.find(" id=\""); id != std::string::npos) {
      const std::string name = tag.substr(id + 5, tag.find('"', id + 5) - id - 5);
      EXPECT_TRUE(ids.insert(name).second) << name << " stands twice";
    }
    const std::string name = tag.substr(0, tag.find(' '));
    if (tag[0] == '!' || name == "meta" || tag.back() == '/') continue;
    if (tag[0] != '/') {
      open.push_back(name);
      continue;
    }
    EXPECT_FALSE(open.empty()) << tag;
    if (open.empty()) break;
    EXPECT_EQ("/" + open.back(), tag);
    open.pop_back();
  }
  EXPECT_TRUE(open.empty()) << open.size() << " elements are open";
  return ids;
}

void check_page(const AblationReport& r) {
  const std::string html =
      html_of(r, {{"made.svg", "Made", "of nothing", "<svg id=\"made\"></svg>"}});
  const std::set<std::string> ids = checked_tags(html);
  for (const char* chart : {"auc", "logloss", "parameters", "flop", "speed"}) {
    EXPECT_TRUE(ids.contains(chart + std::string("-title"))) << chart;
    EXPECT_TRUE(ids.contains(chart + std::string("-text"))) << chart;
  }
  for (const char* never : {"nan", "NaN", "inf\"", "<script", "http"})
    EXPECT_EQ(html.find(never), std::string::npos) << never;
  for (const VariantReport& variant : r.variants)
    EXPECT_NE(html.find(">" + variant.plan.name + "<"), std::string::npos);
  std::istringstream csv(csv_of(r));
  std::string line;
  std::getline(csv, line);
  const auto columns = std::count(line.begin(), line.end(), ',');
  size_t lines = 0;
  for (; std::getline(csv, line); ++lines) {
    bool quoted = false;
    int64_t commas = 0;
    for (char c : line) {
      quoted = quoted != (c == '"');
      commas += c == ',' && !quoted ? 1 : 0;
    }
    EXPECT_EQ(commas, columns) << line;
    EXPECT_EQ(line.find("nan"), std::string::npos) << line;
  }
  EXPECT_EQ(lines, r.variants.size() + r.left_out.size());
}

TEST_F(Ablations, ReportsAreWhole) {
  ask.variants = {"plain", "self-wise", "rank-32"};  // the last one does not fit
  const AblationReport two = report();
  ASSERT_EQ(two.variants.size(), 3u);
  ASSERT_EQ(two.left_out.size(), 1u);
  check_page(two);
  // The difference is that of the runs' own rows.
  const SweepResult result = run(plan());
  const double by_seed[] = {result.rows[1].test.auc - result.rows[0].test.auc,
                            result.rows[4].test.auc - result.rows[3].test.auc};
  const PairedDifference& d = two.variants[1].test[0].difference;
  EXPECT_NEAR(d.mean, (by_seed[0] + by_seed[1]) / 2, 1e-15);
  EXPECT_NEAR(d.interval.high - d.mean, 12.706 * std::abs(by_seed[0] - by_seed[1]) / 2, 1e-3);
  EXPECT_NE(text_of(two).find("left out\n  rank-32: apg: K must lie"), std::string::npos);
  ask.seeds = {1};  // no intervals
  const AblationReport one = report();
  EXPECT_TRUE(std::isnan(one.variants[1].test[0].difference.interval.low));
  check_page(one);
}

TEST_F(Ablations, EmbeddingsWithinTheBudget) {
  ask.model = "deepfm";
  ask.what = "embeddings";
  ask.budget = 0.5;
  ask.seeds = {1};
  const AblationReport r = report();
  const int64_t all = (20 + 15) * 4;
  const int64_t others = r.variants[0].plan.cost.tables - all;  // domain, price, linear weights
  ASSERT_EQ(r.variants.size(), 5u);
  for (size_t v = 1; v < r.variants.size(); ++v) {
    const VariantReport& variant = r.variants[v];
    // A step up of any size is a row or a column of 4 in both tables, 35 for `narrow`.
    if (variant.plan.name != "narrow") {
      EXPECT_LE(variant.plan.cost.tables, others + all / 2) << variant.plan.name;
      EXPECT_GT(variant.plan.cost.tables, others + all / 2 - 20) << variant.plan.name;
    }
    ASSERT_EQ(variant.slices.size(), r.variants[0].slices.size());
    EXPECT_FALSE(variant.slices.empty());
  }
  EXPECT_EQ(r.variants[1].plan.settings, "embedding_dim=2");
  ASSERT_EQ(r.left_out.size(), 1u);
  EXPECT_EQ(r.left_out[0].name, "dhe");
  EXPECT_NE(r.left_out[0].reason.find("more than the 70 of --budget"), std::string::npos);
  int64_t rows = 0;
  for (const ComparedSlice& slice : r.variants[0].slices)
    if (slice.field == "user") rows += slice.rows;
  EXPECT_EQ(rows, data.rows(Split::test));
  check_page(r);
}

// Fields that are named have trained vectors, given ones or not.
TEST_F(Ablations, NamedFieldsLeaveGivenVectors) {
  data.schema.fields[0].vectors = "user";
  data.schema.fields[0].vector_width = 3;
  data.vectors["user"] = Tensor::full({20, 3}, DType::f32, 0.5);
  options.model = "mlp";
  EXPECT_TRUE(build().store().find("embedding/user")->frozen);
  model_options.embedding.fields = {"user"};
  const BuiltModel trained(find_model("mlp"), data, model_options, DType::f32, 1);
  const auto weights = trained.weights();
  EXPECT_EQ(weights.at("embedding/user").shape(), (Shape{20, 4}));
  ask.model = "mlp";
  ask.what = "embeddings";
  EXPECT_EQ(variants().at(1), "given");
}

TEST(Charts, TicksAreRound) {
  EXPECT_EQ(round_ticks(-0.9, 2.1, 3), (std::vector<double>{0, 1, 2}));
  EXPECT_EQ(round_ticks(0, 10, 5).size(), 6u);
  EXPECT_EQ(log_ticks(9, 210), (std::vector<double>{10, 20, 50, 100, 200}));
  EXPECT_EQ(log_ticks(1, 1e5).size(), 6u);
}

// One far bar leaves the others their room: 0.01 is half of what they have on its side or more.
TEST(Charts, FarBarsAreCut) {
  std::vector<Bar> bars;
  for (double value : {0.01, -0.01, 0.008, 0.005})
    bars.push_back({"", "near", value, NAN, NAN, false, ""});
  auto widest = [&] {
    const std::string chart = bar_chart({"a", "", "", "", ""}, bars, true);
    double most = 0;
    for (size_t at = chart.find("<rect"); at != std::string::npos; at = chart.find("<rect", at + 1))
      if (chart.compare(at + 13, 6, "better") == 0)
        most = std::max(most, std::stod(chart.substr(chart.find("width=\"", at) + 7)));
    return most;
  };
  const double alone = widest();
  EXPECT_GT(alone, 200);
  bars.push_back({"", "far", -5, -7, -3, true, ""});
  EXPECT_GT(widest(), alone / 2);
  checked_tags(bar_chart({"a", "", "", "", ""}, bars, true));
  std::vector<Point> points;
  for (double y : {0.8, 0.801, 0.802, 0.803, 0.804}) points.push_back({"1", "", 1, y, false});
  EXPECT_EQ(scatter_chart({"b", "", "", "", ""}, points).find("beyond"), std::string::npos);
  points.push_back({"2", "", 1, 0.5, false});
  EXPECT_NE(scatter_chart({"b", "", "", "", ""}, points).find("beyond"), std::string::npos);
}

TEST(Charts, TextIsEscaped) {
  const std::string chart =
      bar_chart({"a", "1 < 2 & \"3\"", "", "", ""}, {{"", "<b>", 1, NAN, NAN, false, ""}}, true);
  EXPECT_NE(chart.find("1 &lt; 2 &amp; &quot;3&quot;"), std::string::npos);
  EXPECT_NE(chart.find("&lt;b&gt;"), std::string::npos);
  checked_tags(chart);
  checked_tags(scatter_chart({"b", "none", "", "", ""}, {{"1", "", NAN, 1, false}}));
}

}  // namespace
}  // namespace ctr
