// Clicks that depend on the position: what the data holds, and that a shallow tower takes the bias
// up, so that what is served without a position ranks by relevance.

#include "io/position_bias.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "io/batch_loader.h"
#include "tests/tools/made_data.h"
#include "tools/metrics/auc.h"
#include "tools/trainer.h"

namespace ctr {
namespace {

constexpr int64_t kDevice = 2, kPosition = 3;

struct Ranking {
  double auc = 0, ndcg = 0;  // means over lists, by the relevance of the test split
};

class PositionBias : public MadeData {
 protected:
  Dataset simulate(const std::string& name, const PositionBiasOptions& options) const {
    simulate_position_bias(options, folder + "/" + name);
    return read_dataset(folder + "/" + name);
  }

  // A list's NDCG: gains 1, discounts 1 / log2(1 + place); NaN without anything relevant.
  static double ndcg(std::span<const double> score, std::span<const double> label) {
    std::vector<size_t> order(score.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t a, size_t b) { return score[a] > score[b]; });
    double gained = 0, ideal = 0;
    int relevant = 0;
    for (size_t place = 0; place < order.size(); ++place) {
      if (label[order[place]] == 0) continue;
      gained += 1 / std::log2(2 + static_cast<double>(place));
      ideal += 1 / std::log2(2 + static_cast<double>(relevant++));
    }
    return gained / ideal;
  }

  static Ranking ranking(const std::vector<double>& scores, const std::vector<double>& labels,
                         size_t length) {
    Ranking sum;
    double aucs = 0, ndcgs = 0;
    for (size_t begin = 0; begin < scores.size(); begin += length) {
      const auto score = std::span(scores).subspan(begin, length);
      const auto label = std::span(labels).subspan(begin, length);
      if (const double a = auc(score, label); !std::isnan(a)) sum.auc += a, ++aucs;
      if (const double n = ndcg(score, label); !std::isnan(n)) sum.ndcg += n, ++ndcgs;
    }
    return {sum.auc / aucs, sum.ndcg / ndcgs};
  }

  // Scores the test split as it would be served: with no position.
  static Ranking served(BuiltModel& built, const Dataset& data, int64_t length) {
    NoGradient off;
    std::vector<double> scores, labels;
    BatchLoader loader(data, Split::test, {});
    for (Batch batch; loader.next(batch);) {
      batch.fields[kPosition].ids = Tensor::zeros({batch.rows}, DType::i64);
      const Tensor logit = built.model().logits(batch)[0].value().cast(DType::f64);
      scores.insert(scores.end(), logit.span<double>().begin(), logit.span<double>().end());
      const Tensor label = batch.label.cast(DType::f64);
      labels.insert(labels.end(), label.span<double>().begin(), label.span<double>().end());
    }
    return ranking(scores, labels, static_cast<size_t>(length));
  }

  static Ranking trained(const Dataset& data, const NameList& shallow_fields, int64_t length) {
    TrainOptions options;
    options.model = "sharedbottom";
    options.batch_size = 256;
    options.epochs = 8;
    options.optimizer.learning_rate = 0.005;
    ModelOptions model;
    model.embedding_dim = 4;
    model.task.bottom_units = {16};
    model.task.tower_units = {};
    model.task.shallow.fields = shallow_fields;
    model.task.shallow.hidden_units = {8};
    model.task.shallow.serve = "given";  // while training is judged: valid clicks have the bias
    BuiltModel built(find_model(options.model), data, model, DType::f32, 1);
    train(built, data, options);
    return served(built, data, length);
  }
};

TEST_F(PositionBias, ClicksFallWithThePositionAndTheDevice) {
  PositionBiasOptions options;
  options.policy = 0;  // places say nothing of relevance then
  const Dataset data = simulate("clicks", options);
  auto rates = [&](Split split, int32_t device) {
    std::vector<double> clicks(11), rows(11);
    const auto& block = data.blocks(split).block(0);
    for (size_t r = 0; r < block.ids(kPosition).size(); ++r) {
      if (block.ids(kDevice)[r] != device) continue;
      const auto place = static_cast<size_t>(block.ids(kPosition)[r]);
      EXPECT_EQ(place, r % 10 + 1);
      clicks[place] += block.labels(0)[r];
      rows[place] += 1;
    }
    for (size_t place = 1; place <= 10; ++place) clicks[place] /= rows[place];
    return clicks;
  };
  const double eta[] = {0.5, 1.0, 1.5};
  for (int32_t device = 0; device < 3; ++device) {
    const std::vector<double> train = rates(Split::train, device);
    const std::vector<double> test = rates(Split::test, device);
    EXPECT_NEAR(train[4] / train[1], std::pow(4, -eta[device]), 0.08);
    EXPECT_NEAR(train[10] / train[1], std::pow(10, -eta[device]), 0.08);
    EXPECT_NEAR(test[10], test[1], 0.12);  // what is relevant does not depend on where it stands
  }
}

TEST_F(PositionBias, AShallowTowerRanksByRelevance) {
  const PositionBiasOptions options;
  const Dataset data = simulate("biased", options);
  Dataset blind = data;  // the same model without the position and the device
  blind.schema.fields[kPosition].input = blind.schema.fields[kDevice].input = false;
  const Ranking tower = trained(data, {"position", "device"}, options.length);
  const Ranking without = trained(blind, {}, options.length);
  const Ranking as_input = trained(data, {}, options.length);  // missing when served
  SCOPED_TRACE(
      fmt::format("AUC, NDCG: tower {:.4f} {:.4f}, without {:.4f} {:.4f}, as an input "
                  "{:.4f} {:.4f}",
                  tower.auc, tower.ndcg, without.auc, without.ndcg, as_input.auc, as_input.ndcg));
  EXPECT_GT(tower.auc, without.auc + 0.02);
  EXPECT_GT(tower.ndcg, without.ndcg + 0.02);
  EXPECT_GT(as_input.auc, without.auc);  // to read it and leave it out is better than not to
}

// Without bias there is nothing to take up.
TEST_F(PositionBias, WithoutBiasTheTowerChangesLittle) {
  PositionBiasOptions options;
  options.examination = 0;
  const Dataset data = simulate("fair", options);
  Dataset blind = data;
  blind.schema.fields[kPosition].input = blind.schema.fields[kDevice].input = false;
  EXPECT_NEAR(trained(data, {"position", "device"}, options.length).auc,
              trained(blind, {}, options.length).auc, 0.01);
}

}  // namespace
}  // namespace ctr
