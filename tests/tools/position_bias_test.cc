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
  double auc = 0, ndcg = 0;  // by the relevance of the test split
};

class PositionBias : public MadeData {
 protected:
  Dataset simulate(const std::string& name, const PositionBiasOptions& options) const {
    simulate_position_bias(options, folder + "/" + name);
    return read_dataset(folder + "/" + name);
  }

  // Mean over lists with something relevant: gains 1, discounts 1 / log2(1 + place).
  static double ndcg(const std::vector<double>& score, const std::vector<double>& label,
                     size_t length) {
    double sum = 0, lists = 0;
    for (size_t begin = 0; begin < score.size(); begin += length) {
      std::vector<size_t> order(length);
      std::iota(order.begin(), order.end(), begin);
      std::stable_sort(order.begin(), order.end(),
                       [&](size_t a, size_t b) { return score[a] > score[b]; });
      double gained = 0, ideal = 0;
      int relevant = 0;
      for (size_t place = 0; place < length; ++place) {
        if (label[order[place]] == 0) continue;
        gained += 1 / std::log2(2 + static_cast<double>(place));
        ideal += 1 / std::log2(2 + static_cast<double>(relevant++));
      }
      if (relevant == 0) continue;
      sum += gained / ideal;
      lists += 1;
    }
    return sum / lists;
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
    return {auc(scores, labels), ndcg(scores, labels, static_cast<size_t>(length))};
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
  const double best = data.facts.at("best_auc");
  SCOPED_TRACE(fmt::format(
      "AUC, NDCG: tower {:.4f} {:.4f}, without {:.4f} {:.4f}, as an input "
      "{:.4f} {:.4f}; best AUC {:.4f}",
      tower.auc, tower.ndcg, without.auc, without.ndcg, as_input.auc, as_input.ndcg, best));
  EXPECT_GT(tower.auc, without.auc + 0.02);
  EXPECT_GT(tower.ndcg, without.ndcg + 0.02);
  EXPECT_GE(tower.auc, as_input.auc);
  EXPECT_LT(tower.auc, best);
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
