// Domains that differ by planted low-rank shifts: what the data holds, and that adapters of the
// planted rank recover it.

#include "io/planted_lora.h"

#include <cmath>
#include <numeric>

#include "io/data_catalog.h"
#include "tests/tools/made_data.h"
#include "tools/trainer.h"

namespace ctr {
namespace {

class PlantedLora : public MadeData {
 protected:
  static PlantedLoraOptions small() {
    PlantedLoraOptions options;
    options.rows = 60'000;
    options.tail = 0;
    return options;
  }
  Dataset simulate(const std::string& name, const PlantedLoraOptions& options) const {
    simulate_planted_lora(options, folder + "/" + name);
    return read_dataset(folder + "/" + name);
  }

  // Test AUC, mean over domains, of one hidden layer with adapters of this rank; 0: without any.
  static double auc_at(const Dataset& data, int64_t rank) {
    TrainOptions options;
    options.model = rank == 0 ? "mlp" : "mlora";
    options.batch_size = 512;
    options.epochs = 12;
    options.optimizer.learning_rate = 0.01;
    options.schedule.kind = "cosine";
    ModelOptions model;
    model.hidden_units = {32};
    model.linear = rank == 0 ? "plain" : "mlora";
    model.mlora.rank = {rank};
    model.dropout = 0;
    BuiltModel built(find_model(options.model), data, model, DType::f32, 1);
    return train(built, data, options).test.mean_auc;
  }
};

TEST_F(PlantedLora, TheSameOptionsGiveTheSameData) {
  PlantedLoraOptions options = small();
  options.rows = 1000;
  const Dataset a = simulate("a", options), b = simulate("b", options);
  const auto rows = [](const Dataset& data) {
    const auto ids = data.blocks(Split::train).block(0).ids(0);
    return std::vector<int32_t>(ids.begin(), ids.end());
  };
  EXPECT_EQ(rows(a), rows(b));
  EXPECT_EQ(a.facts, b.facts);
  options.seed = 1;
  EXPECT_NE(rows(simulate("c", options)), rows(a));
}

TEST_F(PlantedLora, DomainsHaveALongTail) {
  PlantedLoraOptions options = small();
  options.tail = 2;
  options.domains = 4;
  options.rows = 30'000;
  const Dataset data = simulate("tail", options);
  EXPECT_EQ(data.rows(Split::train), 18'000);
  EXPECT_EQ(data.rows(Split::test), 6'000);
  std::vector<double> rows(4);
  for (const int32_t d : data.blocks(Split::train).block(0).ids(2))
    rows[static_cast<size_t>(d)] += 1;
  const double all = 1 + 1.0 / 4 + 1.0 / 9 + 1.0 / 16;
  for (size_t d = 0; d < 4; ++d)
    EXPECT_NEAR(rows[d] / 18'000, 1 / (std::pow(d + 1, 2) * all), 0.015);
}

// Rank 2 is planted: adapters of rank 1 are better than none, those of rank 2 better still, and
// twice the rank adds little.
TEST_F(PlantedLora, AdaptersOfThePlantedRankAreEnough) {
  const Dataset data = simulate("planted", small());
  const double none = auc_at(data, 0), one = auc_at(data, 1), two = auc_at(data, 2),
               four = auc_at(data, 4);
  SCOPED_TRACE(fmt::format("rank 0 {:.4f}, 1 {:.4f}, 2 {:.4f}, 4 {:.4f}", none, one, two, four));
  EXPECT_GT(one, none + 0.05);
  EXPECT_GT(two, one + 0.01);
  EXPECT_LT(four, two + 0.005);
  EXPECT_GT(four, two - 0.005);
}

// Without shifts, adapters have nothing to learn.
TEST_F(PlantedLora, WithoutShiftsAdaptersAddNothing) {
  PlantedLoraOptions options = small();
  options.rank = 0;
  const Dataset data = simulate("alike", options);
  EXPECT_LT(auc_at(data, 2), auc_at(data, 0) + 0.003);
}

// Domains that differ a little, the last half of them with few rows: offsets of each domain's own,
// which other domains' passes keep in check (MAMDR's domain regularization), beat one set of
// weights for all.
TEST_F(PlantedLora, DomainRegularizationHelpsSmallDomains) {
  PlantedLoraOptions planted;
  planted.rows = 20'000;
  planted.domains = 8;
  planted.tail = 1.5;
  planted.shift = 0.7;
  const Dataset data = simulate("small_domains", planted);
  auto auc = [&](const char* strategy, uint64_t seed) {
    TrainOptions options;
    options.model = "mlp";
    options.strategy.name = strategy;
    options.batch_size = 256;
    options.epochs = options.patience = 12;
    options.optimizer.learning_rate = 0.01;
    options.monitor = "mean_auc";
    options.seed = static_cast<int64_t>(seed);
    ModelOptions model;
    model.hidden_units = {32};
    model.dropout = 0;
    BuiltModel built(find_model("mlp"), data, model, DType::f32, seed);
    const std::vector<double> all = train(built, data, options).test.domain_auc;
    return std::accumulate(all.end() - 4, all.end(), 0.0) / 4;
  };
  const double joint = auc("joint", 1) + auc("joint", 2), dr = auc("dr", 1) + auc("dr", 2);
  EXPECT_GT(dr / 2, joint / 2 + 0.006) << joint / 2;
}

TEST(DataCatalog, BuiltInSetsTakeOptions) {
  const std::string cache = testing::TempDir() + "/cache-" + std::to_string(getpid());
  setenv("CTR_CACHE", cache.c_str(), 1);
  const Dataset data = open_dataset("planted-lora:rows=1000:domains=3");
  EXPECT_EQ(data.schema.domains, 3);
  EXPECT_EQ(data.path, cache + "/planted-lora-1-domains=3-rows=1000");
  EXPECT_EQ(open_dataset("planted-lora:domains=3:rows=1000").path, data.path);
  EXPECT_EQ(open_dataset("position-bias:lists=20").rows(Split::test), 40);
  EXPECT_NE(message([] { open_dataset("planted-lora:rnak=2"); }).find("did you mean 'rank'?"),
            std::string::npos);
  EXPECT_EQ(message([] { open_dataset("planted-lora:rank"); }),
            "data set 'planted-lora:rank': expected option=value, got 'rank'");
  EXPECT_NE(message([] { open_dataset("planted-lroa"); }).find("did you mean 'planted-lora'?"),
            std::string::npos);
  unsetenv("CTR_CACHE");
  std::filesystem::remove_all(cache);
}

}  // namespace
}  // namespace ctr
