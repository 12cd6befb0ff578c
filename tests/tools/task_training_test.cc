// Training, scores and files of models of several tasks.

#include <cmath>
#include <fstream>
#include <sstream>

#include <nlohmann/json.hpp>

#include "io/json.h"
#include "tests/tools/small_run.h"
#include "tools/evaluation.h"
#include "tools/predictions.h"
#include "tools/scores.h"

namespace ctr {
namespace {

class TaskRuns : public SmallRuns {
 protected:
  void SetUp() override {
    SmallRuns::SetUp();
    data = two_labels("two");
    options.model = "mmoe";
    options.epochs = 3;
    model_options = {};
    model_options.embedding_dim = 4;
    model_options.task.experts = 2;
    model_options.task.expert_units = {8};
    model_options.task.tower_units = {4};
  }

  // Items below 7 are clicked three times in four, users below 10 buy after four clicks in five.
  Dataset two_labels(const std::string& name) const {
    Schema schema = small_run_schema();
    schema.labels = {"click", "buy"};
    DatasetWriter writer(path(name));
    writer.begin_rows(schema);
    for (const auto& [split, count] :
         {std::pair{Split::train, 600}, {Split::valid, 300}, {Split::test, 300}}) {
      Columns columns = small_run_rows(count, static_cast<uint64_t>(split) + 1);
      std::vector<float> buy;
      for (size_t r = 0; r < columns.labels[0].size(); ++r) {
        const bool liked = columns.fields[1].ids[r] < 7, buyer = columns.fields[0].ids[r] < 10;
        const bool click = liked == (r % 4 != 0);
        columns.labels[0][r] = click ? 1 : 0;
        buy.push_back(click && buyer == (r % 5 != 0) ? 1 : 0);
      }
      columns.labels.push_back(buy);
      writer.add(split, columns);
    }
    writer.commit("made for a test", "", {}, {});
    return read_dataset(path(name));
  }

  static std::string text_of(const std::string& file) {
    std::ostringstream text;
    text << std::ifstream(file).rdbuf();
    return text.str();
  }
};

TEST_F(TaskRuns, EveryTaskLearns) {
  for (const char* model : {"sharedbottom", "mmoe", "cgc", "ple", "esmm"}) {
    options.model = model;
    options.epochs = 12;
    const TrainReport report = start(model);
    ASSERT_EQ(report.test.tasks.size(), options.model == "esmm" ? 3U : 2U);
    double mean = 0;
    for (const Metrics& task : report.test.tasks) {
      EXPECT_GT(task.auc, 0.65) << model << ' ' << task.task;
      mean += task.auc / static_cast<double>(report.test.tasks.size());
    }
    EXPECT_NEAR(report.test.auc, mean, 1e-12);
  }
}

TEST_F(TaskRuns, FilesHoldEachTask) {
  start("run");
  const Json metrics = parse_json(text_of(path("run") + "/metrics.json"));
  EXPECT_EQ(metrics.at("test").at("tasks").size(), 2U);
  EXPECT_GT(metrics.at("test").at("tasks").at("buy").at("auc").get<double>(), 0.5);
  std::istringstream log(text_of(path("run") + "/log.jsonl"));
  int steps = 0, epochs = 0;
  for (std::string line; std::getline(log, line);) {
    const Json event = parse_json(line);
    if (event.at("event") == "step") {
      ++steps;
      ASSERT_EQ(event.at("task_loss").size(), 2U);
      EXPECT_NEAR(event.at("task_loss")[0].get<double>() + event.at("task_loss")[1].get<double>(),
                  event.at("loss").get<double>(), 1e-5);
    }
    if (event.at("event") == "epoch") {
      ++epochs;
      EXPECT_TRUE(event.at("valid").at("tasks").contains("click"));
    }
  }
  EXPECT_GT(steps, 0);
  EXPECT_EQ(epochs, 3);
}

TEST_F(TaskRuns, GoOnToTheSameBits) {
  model_options.dropout = 0.2;
  start("whole");
  start("halves", [this](TrainEvents& events) {
    events.stop = [count = 0]() mutable { return ++count == 25; };
  });
  resume("halves");
  EXPECT_EQ(text_of(path("whole") + "/model.safetensors"),
            text_of(path("halves") + "/model.safetensors"));
}

// Weights that move are part of what a resumed run goes on from.
TEST_F(TaskRuns, BalancedWeightsGoOnToTheSameBits) {
  for (const char* balance : {"gradnorm", "uncertainty"}) {
    options.task_balance = balance;
    options.accumulate = 2;
    const std::string whole = std::string(balance) + "-whole", halves = std::string(balance) + "-2";
    std::vector<std::vector<double>> weights;
    start(whole, [&](TrainEvents& events) {
      events.step = [&weights](const StepReport& report) {
        weights.push_back(report.task_weights);
      };
    });
    ASSERT_GT(weights.size(), 2U);
    EXPECT_EQ(weights[0], (std::vector<double>{1, 1}));
    EXPECT_NE(weights[1], weights.back());
    start(halves, [](TrainEvents& events) {
      events.stop = [count = 0]() mutable { return ++count == 13; };
    });
    resume(halves);
    EXPECT_EQ(text_of(path(whole) + "/model.safetensors"),
              text_of(path(halves) + "/model.safetensors"))
        << balance;
  }
}

// A model of one task weighs its domains, in mixed batches and in those of one domain each.
TEST_F(TaskRuns, DomainsAreWeighedByTheirUncertainty) {
  data = make_data("hard", [](Columns& columns) {  // domain 1's clicks are a coin's
    for (size_t r = 0; r < columns.labels[0].size(); ++r)
      if (columns.fields[2].ids[r] == 1)
        columns.labels[0][r] = r % 3 == 0 ? 1 : 0;
      else
        columns.labels[0][r] = columns.fields[1].ids[r] < 7 ? 1 : 0;
  });
  options.model = "mlp";
  options.epochs = options.patience = 12;
  options.task_balance = "uncertainty";
  options.balance_learning_rate = 0.1;
  for (const char* strategy : {"joint", "alternate"}) {
    options.strategy.name = strategy;
    std::vector<double> weights;
    start(strategy, [&](TrainEvents& events) {
      events.step = [&weights](const StepReport& report) { weights = report.task_weights; };
    });
    ASSERT_EQ(weights.size(), 2U);
    EXPECT_GT(weights[0], 1.2 * weights[1]) << strategy;
  }
}

TEST_F(TaskRuns, OneLossIsNotBalanced) {
  options.model = "mlp";
  options.task_balance = "uncertainty";
  data.schema.fields[2].role = FieldRole::none;
  auto refusal = [&] {
    BuiltModel built = build();
    return message([&] { train(built, data, options); });
  };
  EXPECT_NE(refusal().find("here is one loss. Leave it out"), std::string::npos);
  options.task_balance = "gradnorm";
  options.gradnorm_parameter = "mlp/0/weight";
  EXPECT_NE(refusal().find("several losses, and here is one; leave it out"), std::string::npos);
}

TEST_F(TaskRuns, AWeightOfZeroLeavesATaskUntrained) {
  options.task_weights = {"1", "0"};
  BuiltModel built = build();
  const Tensor before = built.weights().at("head/1/weight").clone();
  train(built, data, options);
  const Tensor after = built.weights().at("head/1/weight");
  for (int64_t i = 0; i < before.count(); ++i)
    EXPECT_EQ(before.data<float>()[i], after.data<float>()[i]);
}

TEST_F(TaskRuns, OneTaskMayBeMonitored) {
  auto best = [&](const std::string& task) {
    options.monitor_task = task;
    options.epochs = 8;
    options.patience = 8;
    BuiltModel built = build();
    double most = 0;
    int64_t epoch = 0;
    TrainEvents events;
    events.epoch = [&](const EpochReport& report) {
      const Metrics& seen = task.empty() ? report.valid : report.valid.tasks[task == "buy" ? 1 : 0];
      if (seen.auc > most + options.min_improvement) {
        most = seen.auc;
        epoch = report.epoch;
      }
    };
    EXPECT_EQ(train(built, data, options, events).best_epoch, epoch) << task;
  };
  for (const char* task : {"", "click", "buy"}) best(task);
  EXPECT_EQ(message([&] { best("by"); }),
            "train: --monitor-task: there is no task 'by'; did you mean 'buy'?");
}

TEST_F(TaskRuns, WrongWeightsAreRefused) {
  auto refusal = [&](NameList weights) {
    options.task_weights = std::move(weights);
    return message([&] {
      BuiltModel built = build();
      train(built, data, options);
    });
  };
  EXPECT_EQ(refusal({"1", "x"}), "train: --task-weights takes numbers from 0 on, got 'x'");
  EXPECT_EQ(refusal({"1", "2", "3"}), "tasks: 3 weights for 2 tasks; set --task-weights");
}

TEST_F(TaskRuns, PredictionsHaveAColumnForEachTask) {
  options.model = "esmm";
  BuiltModel built = build();
  write_predictions(built, data, Split::test, 64, path("all.csv"));
  std::istringstream lines(text_of(path("all.csv")));
  std::string line;
  std::getline(lines, line);
  EXPECT_EQ(line, "row,probability_ctr,probability_cvr,probability_ctcvr,label_click,label_buy");
  int rows = 0;
  for (; std::getline(lines, line); ++rows) {
    double row = 0, ctr = 0, cvr = 0, ctcvr = 0;
    ASSERT_EQ(std::sscanf(line.c_str(), "%lf,%lf,%lf,%lf", &row, &ctr, &cvr, &ctcvr), 4);
    EXPECT_NEAR(ctcvr, ctr * cvr, 1e-12);
  }
  EXPECT_EQ(rows, 300);
  write_predictions(built, data, Split::test, 64, path("bare.csv"), false);
  EXPECT_TRUE(text_of(path("bare.csv")).starts_with("row,probability_ctr,probability_cvr,"));
}

// Conversions are judged on clicked rows alone.
TEST_F(TaskRuns, ConversionsAreJudgedOnClicks) {
  options.model = "esmm";
  BuiltModel built = build();
  const std::vector<Scores> tasks = score_tasks(built, data, Split::test, 64);
  ASSERT_EQ(tasks.size(), 3U);
  double clicks = 0;
  for (double y : tasks[0].label) clicks += y;
  EXPECT_EQ(tasks[1].task, "cvr");
  EXPECT_EQ(static_cast<double>(tasks[1].label.size()), clicks);
  EXPECT_EQ(tasks[1].probability.size(), tasks[1].group.size());
  EXPECT_EQ(tasks[1].probability.size(), tasks[1].domain.size());
  EXPECT_EQ(tasks[2].label.size(), tasks[0].label.size());
  Evaluation evaluation = evaluate_scores(tasks[1], data.schema, {});
  evaluation.task = "cvr";
  EXPECT_EQ(parse_json(json_of(evaluation)).at("task"), "cvr");
}

TEST(OverTasks, MeansWhatIsDefined) {
  Metrics first, second;
  first.auc = 0.6;
  second.auc = 0.8;
  second.gauc = 0.7;
  first.domain_auc = {0.5, std::nan("")};
  second.domain_auc = {0.7, 0.9};
  const Metrics mean = over_tasks({first, second});
  EXPECT_NEAR(mean.auc, 0.7, 1e-15);
  EXPECT_EQ(mean.gauc, 0.7);
  EXPECT_NEAR(mean.domain_auc[0], 0.6, 1e-15);
  EXPECT_EQ(mean.domain_auc[1], 0.9);
  EXPECT_EQ(mean.tasks.size(), 2U);
}

}  // namespace
}  // namespace ctr
