// The published protocol (preset `bars`) to the letter: FuxiCTR's loop, written here again from its
// description, against the trainer.

#include <cmath>
#include <cstring>
#include <deque>

#include "engine/rng.h"
#include "io/batch_loader.h"
#include "io/safetensors.h"
#include "ops/loss/loss.h"
#include "tests/tools/small_run.h"
#include "tools/presets.h"
#include "tools/scores.h"

namespace ctr {
namespace {

class Presets : public testing::Test {
 protected:
  TrainOptions train;
  ModelOptions model;
  OptionList options = joined(train.list(), model.list());

  void set(const std::vector<ConfigEntry>& entries) {
    set_in_order(options, entries, [this](const std::string& name) {
      EXPECT_EQ(name, "deepfm");
      model.embedding_dim = 3;
      model.hidden_units = {7};
    });
  }
};

TEST_F(Presets, PeterRecIsThatOfItsPaperOrItsCode) {
  apply_preset("peterrec-paper", options);
  EXPECT_EQ(model.embedding_dim, 256);
  EXPECT_EQ(train.batch_size, 512);
  EXPECT_EQ(train.optimizer.rule, "adam");
  EXPECT_EQ(train.optimizer.learning_rate, 1e-3);
  EXPECT_EQ(model.nextitnet.kernel, 3);
  EXPECT_EQ(model.next_item.loss, "sampled");
  EXPECT_EQ(model.peter.negatives, "uniform");
  EXPECT_EQ(model.peter.cls, "trainable");
  apply_preset("peterrec-code", options);
  EXPECT_EQ(model.embedding_dim, 64);
  EXPECT_EQ(train.optimizer.rule, "adam-tf");
  EXPECT_EQ(train.optimizer.update, "dense");
  EXPECT_EQ(model.peter.cls, "frozen_row_0");
  EXPECT_EQ(model.peter.bottleneck, 16);
  EXPECT_EQ(model.peter.l2, 0.02);
  EXPECT_TRUE(model.next_item.padding_is_item);
}

TEST_F(Presets, BarsIsThePublishedProtocol) {
  apply_preset("bars", options);
  EXPECT_EQ(train.batch_size, 4096);
  EXPECT_EQ(train.accumulate, 1);
  EXPECT_EQ(train.epochs, 100);
  EXPECT_EQ(train.max_steps, 0);
  EXPECT_EQ(train.patience, 2);
  EXPECT_EQ(train.monitor, "auc");
  EXPECT_EQ(train.min_improvement, 1e-6);
  EXPECT_EQ(train.clip_norm, 10);
  const OptimizerOptions& o = train.optimizer;
  EXPECT_EQ(o.rule, "adam");
  EXPECT_EQ(o.learning_rate, 1e-3);
  EXPECT_EQ(o.beta1, 0.9);
  EXPECT_EQ(o.beta2, 0.999);
  EXPECT_EQ(o.epsilon, 0);  // Adam's own, 1e-8
  EXPECT_EQ(o.update, "replay");
  EXPECT_EQ(train.schedule.kind, "plateau");
  EXPECT_EQ(train.schedule.warmup_steps, 0);
  EXPECT_EQ(train.schedule.plateau_factor, 0.1);
  EXPECT_EQ(train.schedule.plateau_patience, 1);
  EXPECT_EQ(train.schedule.least_rate, 1e-6);
  EXPECT_EQ(model.embedding_dim, 10);
  EXPECT_EQ(model.embedding_deviation, 1e-4);
  EXPECT_EQ(model.numeric, "embed");
}

TEST_F(Presets, StandBetweenTheModelsDefaultsAndWhatIsSaid) {
  set({{"model", "deepfm", "file"},
       {"batch_size", "64", "file"},
       {"epochs", "5", "file"},
       {"preset", "bars", "line"},
       {"epochs", "6", "line"}});
  EXPECT_EQ(model.hidden_units, IntList{7});
  EXPECT_EQ(model.embedding_dim, 10);  // bars over the model's 3
  EXPECT_EQ(train.batch_size, 64);
  EXPECT_EQ(train.epochs, 6);
  EXPECT_EQ(train.patience, 2);
  EXPECT_EQ(train.preset, "bars");
}

TEST_F(Presets, AnUnknownOneIsRefused) {
  try {
    set({{"model", "deepfm", "x"}, {"preset", "brs", "train"}});
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "train: preset cannot be 'brs'; did you mean 'bars'?");
  }
}

// Xavier normal for the vectors of numbers, 1e-4 for those of ids, whatever the deviation of the
// former would be by it.
TEST_F(Presets, VectorsOfNumbersBeginAsXavier) {
  apply_preset("bars", options);
  Schema schema;
  schema.name = "wide";
  for (int f = 0; f < 400; ++f) {
    Field field;
    field.name = "n" + std::to_string(f);
    field.type = FieldType::numeric;
    schema.fields.push_back(field);
  }
  Field ids;
  ids.name = "ids";
  ids.vocabulary = 2000;
  schema.fields.push_back(ids);
  BuiltModel built(find_model("fm"), schema, {}, model, DType::f64, 1);
  double squares = 0;
  for (int f = 0; f < 400; ++f)
    for (double w : built.store().find("embedding/n" + std::to_string(f))->value.span<double>())
      squares += w * w;
  EXPECT_NEAR(squares / 4000, 2.0 / 11, 0.02);  // variance 2 / (1 + 10); five standard errors
  squares = 0;
  for (double w : built.store().find("embedding/ids")->value.span<double>()) squares += w * w;
  EXPECT_NEAR(squares / 20000 * 1e8, 1, 0.05);
  // λ_e falls on what the tables hold, the linear term's among them; λ_n on the rest.
  for (const auto& parameter : built.store().all())
    EXPECT_EQ(parameter->table, parameter->name != "linear/bias") << parameter->name;
}

// FuxiCTR's rule after each epoch, in mode max.
struct Peer {
  double best = -INFINITY, rate = 1e-3;
  int waiting = 0;
  bool stopped = false;

  bool observe(double monitor) {
    const bool better = !(monitor < best + 1e-6);
    if (better) {
      waiting = 0;
      best = monitor;
    } else {
      ++waiting;
      rate = std::max(0.1 * rate, 1e-6);
    }
    stopped = waiting >= 2;
    return better;
  }
};

TEST(EndOfEpoch, IsJudgedAsByThePeer) {
  TrainOptions options;
  OptionList list = options.list();
  for (const auto& [name, text] : {std::pair{"schedule", "plateau"}, {"patience", "2"}})
    list.set(name, text, "test");
  const RandomStream random{3, 0, 0};
  int cuts = 0, stops = 0, floors = 0;
  for (uint64_t run = 0; run < 200; ++run) {
    Peer peer;
    EarlyStop stop;
    PlateauState plateau;
    double monitor = 0.7;
    // Rises and falls of 0 to 3 times 5e-7, so that exactly 1e-6 occurs; rises are more frequent.
    for (int64_t epoch = 1; epoch <= 100 && !peer.stopped; ++epoch) {
      const auto draw = random.below(8, run * 100 + static_cast<uint64_t>(epoch));
      monitor = std::max(peer.best, 0.5) + (static_cast<double>(draw) - 2) * 5e-7;
      if (epoch == 1) monitor = 0.7;
      const bool better = stop.observe(monitor, options.min_improvement, epoch, epoch);
      observe_epoch(options.schedule, better, plateau);
      ASSERT_EQ(better, peer.observe(monitor));
      ASSERT_EQ(stop.best, peer.best);
      ASSERT_EQ(stop.waiting >= options.patience, peer.stopped);
      ASSERT_EQ(rate_at(options.schedule, 1e-3, epoch, plateau), peer.rate);
      cuts += better ? 0 : 1;
      floors += peer.rate == 1e-6;
    }
    stops += peer.stopped;
  }
  EXPECT_GT(cuts, 400);
  EXPECT_GT(floors, 20);
  EXPECT_GT(stops, 150);
}

class Protocol : public SmallRuns {
 protected:
  std::map<std::string, Tensor> copied(const BuiltModel& built) {
    std::map<std::string, Tensor> result;
    for (const auto& [name, value] : built.weights()) result[name] = value.clone();
    return result;
  }

  // One epoch: a step per batch, the last one short.
  void run_epoch(BuiltModel& built, Optimizer& optimizer, int64_t epoch, uint32_t& step) {
    LoaderOptions reading;
    reading.batch_size = options.batch_size;
    reading.shuffle = true;
    reading.seed = static_cast<uint64_t>(options.seed);
    reading.epoch = static_cast<uint32_t>(epoch);
    BatchLoader loader(data, Split::train, reading);
    built.store().mode().training = true;
    for (Batch batch; loader.next(batch);) {
      built.store().mode().step = step++;
      Tape tape;
      StepGradients gradients = optimizer.prepare(
          built.store(), backward(bce_with_logits(built.model().logit(batch), batch.label)));
      clip(gradients, global_norm(gradients), 10);
      optimizer.apply(built.store(), gradients);
    }
    built.store().mode().training = false;
  }
};

TEST_F(Protocol, TrainingIsThePeersLoop) {
  OptionList all = joined(options.list(), model_options.list());
  apply_preset("bars", all);
  for (const auto& [name, text] :
       {std::pair{"batch_size", "32"}, {"learning_rate", "0.03"}, {"l2_embedding", "0.01"}})
    all.set(name, text, "test");

  std::deque<EpochReport> epochs;
  const TrainReport report = start("run", [&](TrainEvents& events) {
    events.epoch = [&](const EpochReport& epoch) { epochs.push_back(epoch); };
  });
  const auto trained = read_safetensors(path("run") + "/model.safetensors").tensors;

  BuiltModel built = build();
  Optimizer optimizer(options.optimizer);  // one for all epochs: its state outlives the cuts
  Peer peer;
  peer.rate = 0.03;
  std::map<std::string, Tensor> best;
  uint32_t step = 0;
  int64_t epoch = 0, best_epoch = 0, better_after_cut = 0;
  while (epoch < 100 && !peer.stopped) {
    optimizer.set_learning_rate(peer.rate);
    run_epoch(built, optimizer, ++epoch, step);
    const double auc = evaluate(built, data, Split::valid, 4096).auc;
    ASSERT_FALSE(epochs.empty());
    EXPECT_EQ(epochs.front().valid.auc, auc) << epoch;
    EXPECT_EQ(epochs.front().learning_rate, peer.rate) << epoch;
    epochs.pop_front();
    const bool cut = peer.rate < 0.03;
    if (!peer.observe(auc)) continue;
    best = copied(built);
    best_epoch = epoch;
    better_after_cut += cut;
  }
  EXPECT_TRUE(epochs.empty());
  EXPECT_EQ(report.best_epoch, best_epoch);
  EXPECT_GT(better_after_cut, 0) << "the data no longer asks for what is tested";
  built.load(best, "best");
  EXPECT_EQ(evaluate(built, data, Split::test, 4096).auc, report.test.auc);
  for (const auto& [name, value] : best) {
    EXPECT_EQ(std::memcmp(value.raw(), trained.at(name).raw(), static_cast<size_t>(value.bytes())),
              0)
        << name;
  }
}

}  // namespace
}  // namespace ctr
