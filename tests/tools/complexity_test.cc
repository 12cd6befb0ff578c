// What a layer of APG costs: formulas of the paper, counted in layers that are built; operations of
// whole models; what a workload of `bench` may be told.

#include <map>

#include "tests/tools/small_run.h"
#include "tools/ablation/cost.h"
#include "tools/bench/apg_complexity.h"
#include "tools/bench/workload.h"

namespace ctr {
namespace {

std::map<std::string, ApgVersion> versions(const ApgSizes& sizes, int64_t rows, double bytes) {
  std::map<std::string, ApgVersion> all;
  for (const ApgVersion& version : apg_complexity(sizes, rows, bytes)) all[version.name] = version;
  return all;
}

TEST(Complexity, ExampleOfTheTable) {
  auto all = versions({1024, 512, 32, 1024, 0}, 64, 0);
  ASSERT_EQ(all.size(), 5u);
  EXPECT_EQ(all["static"].formula.row_macs, 524288);
  EXPECT_EQ(all["basic"].formula.row_macs, 537395200);
  EXPECT_EQ(all["low rank"].formula.row_macs, 69730304);
  EXPECT_EQ(all["decomposed"].formula.row_macs, 51430400);
  EXPECT_EQ(all["shared"].formula.row_macs, 1098752);
  EXPECT_EQ(all["basic"].formula.weights, 536870912);
  EXPECT_EQ(all["basic"].refused, "not run: needs 2.3 GB");
  EXPECT_FALSE(all["basic"].measured);
}

// Each layer is built and its products counted, odd sizes and a batch of five.
TEST(Complexity, CountsAreTheFormulas) {
  const ApgSizes s{13, 11, 3, 7, 5};
  const auto all = versions(s, 5, 1e9);
  ASSERT_EQ(all.size(), 6u);
  for (const auto& [name, version] : all) {
    ASSERT_TRUE(version.measured) << name << ' ' << version.refused;
    EXPECT_EQ(version.counted.row_macs, version.formula.row_macs) << name;
    EXPECT_EQ(version.counted.batch_macs, version.formula.batch_macs) << name;
    EXPECT_EQ(version.counted.weights, version.formula.weights) << name;
    EXPECT_EQ(version.counted.generated, version.formula.generated) << name;
    EXPECT_GT(version.row_us, 0) << name;
  }
  EXPECT_EQ(all.at("shared").counted.row_macs, 3 * 3 * 7 + 13 * 3 + 3 * 3 + 3 * 11);
  EXPECT_EQ(all.at("over-param").counted.batch_macs, 13 * 5 * 3 + 3 * 5 * 11);
  EXPECT_EQ(all.at("over-param").counted.weights, 3 * 3 * 7 + 13 * 5 + 5 * 3 + 3 * 5 + 5 * 11);
  EXPECT_EQ(message([] {
              apg_complexity({4, 9, 5, 2, 0}, 1, 1e9);
            }),
            "complexity: K must be at most the smaller of N and M, 4, got 5");
  EXPECT_EQ(message([] {
              apg_complexity({8, 9, 5, 2, 4}, 1, 1e9);
            }),
            "complexity: P must be at least K = 5, got 4");
}

class Costs : public SmallRuns {
 protected:
  VariantCost cost(const std::string& model, const std::function<void(ModelOptions&)>& change) {
    PlannedRun run;
    run.train = options;
    run.train.model = model;
    run.model = model_options;
    run.model.dropout = 0;
    find_model(model).preset(run.model);
    change(run.model);
    return measure_cost(run, data);
  }
};

// Vectors of 4 of user, item, domain and price side by side, 8 hidden units, a head.
TEST_F(Costs, OperationsOfAnMlp) {
  const VariantCost c = cost("mlp", [](ModelOptions&) {});
  const int64_t price = 1 * 4, hidden = 16 * 8, head = 8 * 1;
  EXPECT_EQ(c.rows, 32);
  EXPECT_DOUBLE_EQ(c.forward_flop, 2 * (price + hidden + head));
  EXPECT_DOUBLE_EQ(c.predict_flop, c.forward_flop);
  EXPECT_DOUBLE_EQ(c.step_flop, 2 * (2 * price + 3 * hidden + 3 * head));
  EXPECT_EQ(c.tables, (20 + 15 + 2 + 1) * 4);
  EXPECT_EQ(c.trained, c.tables + hidden + 8 + head + 1);
  EXPECT_EQ(c.parameters, c.trained);
  EXPECT_EQ(c.generated_bytes, 0);
  EXPECT_GT(c.memory, 3 * 4 * c.trained);  // weights and Adam's two sums, and tensors
}

TEST_F(Costs, FoldedAndGenerated) {
  const VariantCost plain = cost("mlp", [](ModelOptions&) {});
  const VariantCost lora = cost("mlora", [](ModelOptions& o) { o.mlora.rank = {3}; });
  EXPECT_DOUBLE_EQ(lora.forward_flop, plain.forward_flop + 2 * (16 * 3 + 3 * 8));
  EXPECT_DOUBLE_EQ(lora.predict_flop, plain.forward_flop);
  EXPECT_EQ(lora.trained, plain.trained + 2 * (16 * 3 + 3 * 8 + 8));
  const VariantCost apg = cost("apg", [](ModelOptions& o) {
    o.apg.rank_k = {2};
    o.apg.overparam_p = {};
    o.apg.distinct_conditions = false;
  });
  EXPECT_EQ(apg.generated_bytes, 32 * 2 * 2 * 4);
  EXPECT_DOUBLE_EQ(apg.generated_bytes_per_row(), 16);
  const VariantCost usv = cost("apg", [](ModelOptions& o) {
    o.apg.generate = "usv";
    o.apg.decompose = false;
    o.apg.rank_k = {2};
    o.apg.overparam_p = {};
    o.apg.distinct_conditions = false;
  });
  EXPECT_EQ(usv.generated_bytes, 32 * (16 * 2 + 2 * 2 + 2 * 8 + 16 * 8) * 4);
}

TEST(Workload, TakesOptionsOfModels) {
  WorkloadOptions options;
  options.model = "mmoe";
  EXPECT_EQ(model_options_of(options).embedding_dim, 16);
  options.model_options = {{"experts", "8", "bench"}, {"embedding_dim", "4", "bench"}};
  EXPECT_EQ(model_options_of(options).task.experts, 8);
  EXPECT_EQ(model_options_of(options).embedding_dim, 4);
  options.fields = 3;
  options.vocabulary = 300;
  options.batch_size = 16;
  options.model_options.push_back({"expert_units", "8", "bench"});
  const int64_t eight = Workload(options).parameters();
  options.model_options[0].text = "4";
  EXPECT_EQ((eight - Workload(options).parameters()) % 4, 0);
  EXPECT_GE(eight - Workload(options).parameters(), 4 * (12 * 8 + 8));  // experts of one layer
  options.model_options[0].name = "exprets";
  EXPECT_EQ(message([&] { model_options_of(options); }),
            "bench: unknown option 'exprets'; did you mean 'experts'?");
}

}  // namespace
}  // namespace ctr
