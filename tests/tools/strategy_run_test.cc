// Strategies as runs: they learn, stop and go on to the same bits, take any number of threads, keep
// weights of domains, and refuse what they cannot do.

#include <omp.h>

#include <cstring>

#include "tests/tools/small_run.h"
#include "tools/compare_runs.h"
#include "tools/model_file.h"
#include "tools/predictions.h"
#include "tools/strategy/parameter_set.h"
#include "tools/strategy/strategy.h"

namespace ctr {
namespace {

using Bytes = std::vector<std::string>;

Bytes bytes_of(const ParameterSet& set) {
  Bytes all;
  for (const Tensor& value : set.values())
    all.emplace_back(static_cast<const char*>(value.raw()), static_cast<size_t>(value.bytes()));
  return all;
}

class Strategies : public SmallRuns {
 protected:
  void SetUp() override {
    SmallRuns::SetUp();
    options.patience = 9;
    options.strategy.finetune_epochs = 2;
  }

  void use(const std::string& name) {
    options.strategy = {};
    options.strategy.name = name;
    options.strategy.finetune_epochs = 3;
    options.strategy.finetune_learning_rate = 0.05;
    if (name == "maml" || name == "mldg") options.strategy.outer_rate = 0.02;
    if (name == "dn" || name == "mamdr" || name == "reptile") options.strategy.outer_rate = 0.5;
  }

  // Shared weights, then those of the domains.
  Bytes trained() {
    BuiltModel built = build();
    train(built, data, options);
    const ParameterSet live = ParameterSet::trained_and_states(built.store());
    Bytes all = bytes_of(live);
    for (int64_t d = 0; d < 2 && built.domain_weights() != nullptr; ++d) {
      built.domain_weights()->put(d);
      const Bytes more = bytes_of(live);
      all.insert(all.end(), more.begin(), more.end());
    }
    return all;
  }

  // Stopped at one of several places, a run goes on to the bits of one that never stopped.
  void expect_exact_at_each_seventh() {
    int64_t all = 0;
    start("whole", [&](TrainEvents& events) { events.stop = [&] { return ++all == 0; }; });
    for (int64_t stop = 3; stop < all; stop += all / 7) {
      int64_t steps = 0;
      std::filesystem::remove_all(path("parts"));
      start("parts", [&](TrainEvents& events) { events.stop = [&] { return ++steps == stop; }; });
      resume("parts");
      expect_same("whole", "parts");
    }
  }

  void expect_same(const std::string& a, const std::string& b) {
    const RunComparison found = compare_runs(path(a), path(b));
    EXPECT_GT(found.tensors, 0);
    EXPECT_EQ(found.log, "");
    EXPECT_EQ(found.weights, "");
    EXPECT_EQ(read_text(path(a) + "/checkpoint/latest"), read_text(path(b) + "/checkpoint/latest"));
  }
};

TEST_F(Strategies, NegotiationThatFollowsAllTheWayIsAlternateTraining) {
  use("alternate");
  const Bytes alternate = trained();
  use("dn");
  options.strategy.outer_rate = 1;
  EXPECT_EQ(trained(), alternate);
  use("joint");
  EXPECT_NE(trained(), alternate);
}

TEST_F(Strategies, StatisticsOfBatchNormGoOnThroughResets) {
  options.model = "mlp";
  model_options.batch_norm = true;
  use("dn");
  options.strategy.outer_rate = 1;
  const Bytes dn = trained();
  use("alternate");
  EXPECT_EQ(trained(), dn);
}

TEST_F(Strategies, OffsetsMayBeginAtRandom) {
  use("dr");
  const Bytes zeros = trained();
  options.strategy.start = "random";
  EXPECT_NE(trained(), zeros);
  EXPECT_EQ(trained(), trained());
}

TEST_F(Strategies, ReloadGoesBackAfterAnEpochThatWasNoBetter) {
  use("alternate");
  options.min_improvement = 1;  // only the first is better
  options.epochs = 3;
  options.strategy.reload_best = true;
  RunDirectory directory = RunDirectory::create(path("reload"), "");
  std::vector<std::map<std::string, Tensor>> saved;
  run(std::move(directory), nullptr, [&](TrainEvents& events) {
    events.save = [&](const TrainSnapshot& snapshot) {
      saved.emplace_back();
      for (const auto& [name, value] : snapshot.weights) saved.back()[name] = value.clone();
    };
  });
  ASSERT_EQ(saved.size(), 3U);
  for (const auto& [name, value] : saved[0])
    EXPECT_EQ(std::memcmp(value.raw(), saved[2].at(name).raw(), static_cast<size_t>(value.bytes())),
              0)
        << name;
}

TEST_F(Strategies, PredictionsAreThoseOfTheRowsDomain) {
  use("mamdr");
  options.strategy.domain_rate = 1;
  start("run");
  const std::unique_ptr<BuiltModel> built = read_model_file(path("run")).build();
  const Scores routed = score(*built, data, Split::test, 16);
  EXPECT_EQ(write_predictions(*built, data, Split::test, 16, path("out.csv")), 80);
  std::array<Scores, 3> single;  // by the weights of domain 0, of domain 1 and by the shared ones
  for (int64_t d = 0; d < 3; ++d) {
    const std::unique_ptr<BuiltModel> one = read_model_file(path("run")).build();
    one->domain_weights()->put(d == 2 ? -1 : d);
    one->set_domain_weights(nullptr);
    single[static_cast<size_t>(d)] = score(*one, data, Split::test, 16);
  }
  double from_shared = 0;
  for (size_t i = 0; i < routed.label.size(); ++i) {
    const auto domain = static_cast<size_t>(routed.domain[i]);
    EXPECT_NEAR(routed.probability[i], single[domain].probability[i], 1e-6);
    EXPECT_EQ(routed.label[i], single[domain].label[i]);
    from_shared = std::max(from_shared, std::abs(routed.probability[i] - single[2].probability[i]));
  }
  EXPECT_GT(from_shared, 1e-3);
}

TEST_F(Strategies, ADomainAloneLeavesTheTasksOfOthers) {
  options.model = "sharedbottom";
  model_options.task.tasks = "domains";
  model_options.task.tower_units = {4};
  use("finetune");
  options.strategy.finetune_learning_rate = 1;
  options.strategy.finetune_min_improvement = 0;
  BuiltModel built = build();
  const ParameterSet live = ParameterSet::trained(built.store());
  const Bytes first = bytes_of(live);
  int64_t tuned = 0, moved = 0;
  TrainEvents events;
  events.domain = [&](const DomainReport& report) { tuned += report.best_epoch > 0 ? 1 : 0; };
  train(built, data, options, events);
  for (int64_t d = 0; d < 2; ++d) {
    built.domain_weights()->put(d);
    const Bytes now = bytes_of(live);
    for (size_t p = 0; p < now.size(); ++p) {
      if (live.names()[p].find(fmt::format("tower/{}/", 1 - d)) != std::string::npos) {
        EXPECT_EQ(now[p], first[p]) << live.names()[p];
      }
      if (live.names()[p] == fmt::format("tower/{}/0/weight", d)) moved += now[p] != first[p];
    }
  }
  EXPECT_GT(tuned, 0);
  EXPECT_EQ(moved, tuned);
}

TEST_F(Strategies, HeldBackParametersTrainAloneAfterwards) {
  options.model = "mlora";
  model_options.linear = "mlora";
  model_options.mlora.rank = {2};
  model_options.dropout = 0;
  options.epochs = 2;
  options.then_train = {"lora_"};
  std::vector<std::map<std::string, Tensor>> saved;
  BuiltModel built = build();
  TrainEvents events;
  events.save = [&](const TrainSnapshot& snapshot) {
    saved.emplace_back();
    for (const auto& [name, value] : snapshot.weights) saved.back()[name] = value.clone();
  };
  train(built, data, options, events);
  ASSERT_EQ(saved.size(), 4U);
  for (const auto& [name, value] : saved[0]) {
    const bool adapter = name.find("lora_") != std::string::npos;
    auto equal = [&](size_t a, size_t b) {
      return std::memcmp(saved[a].at(name).raw(), saved[b].at(name).raw(),
                         static_cast<size_t>(value.bytes())) == 0;
    };
    EXPECT_EQ(equal(0, 1), adapter) << name;
    EXPECT_EQ(equal(2, 3), !adapter) << name;
  }
  options.then_train = {"lroa"};
  EXPECT_NE(
      message([&] { trained(); }).find("--then-train lroa: no parameter has this in its name"),
      std::string::npos);
}

TEST_F(Strategies, RefuseWhatTheyCannotDo) {
  auto refusal = [&] { return message([&] { trained(); }); };
  use("mamdr");
  options.optimizer.update = "replay";
  EXPECT_EQ(refusal(),
            "train: --strategy mamdr puts other weights into the tables, so that steps which rows "
            "missed are no longer theirs; choose --embedding-update rows or dense");
  options.optimizer.update = "rows";
  options.optimizer.rule = "ftrl";
  EXPECT_NE(refusal().find("which ftrl keeps in its state as well"), std::string::npos);
  options.optimizer.rule = "adam";
  options.strategy.support_share = 0.5;
  EXPECT_EQ(refusal(),
            "train: --support-share is read by --strategy maml, mldg alone, not by mamdr; leave it "
            "out");
  use("dr");
  options.then_train = {"embedding"};
  EXPECT_EQ(refusal(), "train: --then-train and --strategy dr do not go together");
  options.then_train = {};
  use("pcgrad");
  options.task_balance = "uncertainty";
  EXPECT_NE(refusal().find("--strategy pcgrad takes fixed weights"), std::string::npos);
  options.task_balance = "fixed";
  use("dn");
  options.model = "popularity";
  EXPECT_NE(refusal().find("the model popularity counts"), std::string::npos);
  options.model = "deepfm";
  data.schema.fields[2].role = FieldRole::none;
  EXPECT_NE(refusal().find("--strategy dn needs a field with the role domain"), std::string::npos);
}

class EachStrategy : public Strategies, public testing::WithParamInterface<std::string> {};

TEST_P(EachStrategy, Learns) {
  use(GetParam());
  options.epochs = GetParam() == "mldg" ? 12 : 4;
  options.strategy.finetune_epochs = 12;
  options.strategy.finetune_learning_rate = 1;
  options.monitor = "logloss";
  BuiltModel built = build();
  const double before = evaluate(built, data, Split::valid, 64).logloss;
  train(built, data, options);
  const Metrics metrics = evaluate(built, data, Split::train, 64);
  EXPECT_GT(metrics.auc, 0.55);
  EXPECT_LT(metrics.logloss, before);
}

TEST_P(EachStrategy, GoesOnToTheSameBits) {
  use(GetParam());
  options.epochs = 2;
  options.accumulate = 3;
  options.checkpoint_steps = 1;
  int64_t all = 0;
  start("whole", [&](TrainEvents& events) { events.stop = [&] { return ++all == 0; }; });
  ASSERT_GT(all, 4);
  for (const int64_t stop : {int64_t{1}, all / 3, all / 2, all - 1}) {
    int64_t steps = 0;
    std::filesystem::remove_all(path("parts"));
    const TrainReport report =
        start("parts", [&](TrainEvents& events) { events.stop = [&] { return ++steps == stop; }; });
    EXPECT_TRUE(report.interrupted);
    EXPECT_FALSE(resume("parts").interrupted);
    expect_same("whole", "parts");
  }
}

TEST_P(EachStrategy, TakesAnyNumberOfThreads) {
  use(GetParam());
  options.epochs = 2;
  const int threads = omp_get_max_threads();
  omp_set_num_threads(1);
  const Bytes one = trained();
  for (const int count : {2, 3}) {
    omp_set_num_threads(count);
    EXPECT_EQ(trained(), one) << count;
  }
  omp_set_num_threads(threads);
}

INSTANTIATE_TEST_SUITE_P(All, EachStrategy, testing::ValuesIn(strategy_names()));

// All at once: offsets, helpers averaged, then each domain alone.
TEST_F(Strategies, GoOnInTheMidstOfEverything) {
  use("mamdr");
  options.strategy.average_moves = true;
  options.strategy.finetune_domains = true;
  options.strategy.finetune_optimizer = "own";
  options.optimizer.update = "dense";
  options.optimizer.l2 = {0.01, 0.001};
  options.clip_norm = 0.05;
  options.schedule.kind = "cosine";
  options.workers = 2;
  options.epochs = 2;
  options.checkpoint_steps = 5;
  expect_exact_at_each_seventh();
}

TEST_F(Strategies, GoOnInEitherPhase) {
  options.model = "mlora";
  model_options.linear = "mlora";
  model_options.mlora.rank = {2};
  options.epochs = 2;
  options.then_train = {"lora_"};
  options.checkpoint_steps = 3;
  options.strategy.finetune_domains = true;
  options.strategy.finetune_learning_rate = 0.5;
  expect_exact_at_each_seventh();
}

}  // namespace
}  // namespace ctr
