// A sweep's runs: its table, what it skips, resumes and refuses.

#include <algorithm>
#include <cstring>

#include "io/file_lock.h"
#include "io/only_domains.h"
#include "io/safetensors.h"
#include "tests/tools/small_sweep.h"
#include "tools/compare_runs.h"
#include "tools/evaluation.h"
#include "tools/loaded_run.h"
#include "tools/sweep/summary.h"

namespace ctr {
namespace {

namespace fs = std::filesystem;

TEST_F(Sweeps, EachRunIsARunAndARow) {
  request.models = {"lr", "mlp"};
  request.grids = {"learning-rate=0.01,0.02"};
  request.seeds = {1, 2};
  const SweepResult result = sweep();
  EXPECT_FALSE(result.interrupted);
  EXPECT_EQ(result.failed(), 0);
  ASSERT_EQ(result.rows.size(), 8u);
  EXPECT_EQ(steps, 8 * 3 * 4);
  const SweepRow& row = result.rows[7];
  EXPECT_EQ(row.run, "model=mlp_learning-rate=0.02_seed=2");
  // The row says what `train` and `evaluate` say.
  options.model = "mlp";
  options.epochs = 3;
  options.batch_size = 64;
  options.optimizer.learning_rate = 0.02;
  options.seed = 2;
  model_options.dropout = 0;
  const TrainReport alone = start("alone");
  EXPECT_EQ(row.test.auc, alone.test.auc);
  EXPECT_EQ(row.best_epoch, alone.best_epoch);
  EXPECT_EQ(row.steps, 12);
  EXPECT_EQ(row.epochs, 3);
  EXPECT_GT(row.samples_per_s, 0);
  EXPECT_EQ(row.parameters, build().store().count_trainable());
  LoadedRun loaded = load_run(path("sweep") + "/" + row.run);
  EvaluationOptions none;
  none.intervals = IntervalMethod::none;
  for (Split split : {Split::valid, Split::test}) {
    const Evaluation e =
        evaluate_scores(score(*loaded.built, loaded.data, split, 4096), loaded.data.schema, none);
    const Metrics& m = split == Split::valid ? row.valid : row.test;
    EXPECT_EQ(m.auc, e.auc.value);
    EXPECT_EQ(m.logloss, e.logloss);
    EXPECT_EQ(m.gauc, e.gauc.value);
    EXPECT_EQ(m.wauc, e.wauc.value);
    EXPECT_GT(e.groups, 0);
  }
  EXPECT_FALSE(fs::exists(path("sweep") + "/" + row.run + "/checkpoint"));
  EXPECT_EQ(table().substr(0, 52), "run,model,learning_rate,seed,status,best_epoch,epoch");
}

TEST_F(Sweeps, RunsBeginWithAnotherAndReadSomeDomains) {
  options.model = "mlp";
  start("first");
  request.models = {"mlora"};
  request.seeds = {1};
  fix("from", path("first"));
  fix("trainable", "lora_");
  fix("only_domains", "b");
  const SweepResult result = sweep();
  EXPECT_EQ(result.failed(), 0);
  const int64_t rows = only_domains(data, {"b"}).rows(Split::train);
  EXPECT_LT(rows, data.rows(Split::train));
  EXPECT_EQ(steps, 3 * ((rows + 63) / 64));
  const TensorFile first = read_safetensors(path("first") + "/model.safetensors");
  const TensorFile second =
      read_safetensors(path("sweep") + "/" + result.rows[0].run + "/model.safetensors");
  for (const auto& [name, value] : first.tensors)
    EXPECT_EQ(std::memcmp(value.raw(), second.at(name).raw(), static_cast<size_t>(value.bytes())),
              0)
        << name;
}

TEST_F(Sweeps, PartOfTheWeightsIsTrained) {
  request.models = {"mlp"};
  const int64_t all = sweep("all").rows.at(0).parameters;
  fix("trainable", "head");
  const SweepResult head = sweep();
  EXPECT_EQ(head.rows.at(0).parameters, 9);
  EXPECT_LT(9, all);
  fix("from", path("all/model=mlp_seed=1"));
  const SweepResult from = sweep("from");
  EXPECT_EQ(from.failed(), 0);
  const auto before = load_run(path("all/model=mlp_seed=1")).built->weights();
  const auto after = load_run(path("from/model=mlp_seed=1")).built->weights();
  EXPECT_EQ(before.at("mlp/0/weight").data<float>()[3], after.at("mlp/0/weight").data<float>()[3]);
  EXPECT_NE(before.at("head/weight").data<float>()[3], after.at("head/weight").data<float>()[3]);
}

TEST_F(Sweeps, WhatIsDoneIsSkipped) {
  request.models = {"lr"};
  request.grids = {"learning-rate=0.01,0.02"};
  const SweepResult first = sweep();
  const std::string before = table();
  const int64_t steps_before = steps;
  int64_t done = 0;
  events.begin = [&](int64_t found, int64_t, int64_t) { done = found; };
  const SweepResult again = sweep();
  EXPECT_EQ(done, 2);
  EXPECT_EQ(steps, steps_before);
  EXPECT_EQ(table(), before);
  ASSERT_EQ(again.rows.size(), 2u);
  EXPECT_EQ(again.rows[1].test.gauc, first.rows[1].test.gauc);  // every digit is in the table
  EXPECT_EQ(again.rows[1].seconds, first.rows[1].seconds);
  // More values and seeds are the same sweep; the table alone tells what is done.
  fs::remove_all(path("sweep") + "/" + first.rows[0].run);
  request.grids = {"learning-rate=0.02,0.01,0.03"};
  request.seeds = {1, 2};
  begun.clear();
  EXPECT_EQ(sweep().rows.size(), 6u);
  EXPECT_EQ(begun,
            (std::vector<std::string>{
                "model=lr_learning-rate=0.03_seed=1", "model=lr_learning-rate=0.02_seed=2",
                "model=lr_learning-rate=0.01_seed=2", "model=lr_learning-rate=0.03_seed=2"}));
}

TEST_F(Sweeps, ARowThatACrashLostIsWrittenAnew) {
  request.models = {"lr", "fm"};
  sweep();
  const std::string before = table();
  fs::remove(path("sweep") + "/table.csv");
  const int64_t steps_before = steps;
  sweep();
  EXPECT_EQ(steps, steps_before);
  EXPECT_EQ(table(), before);
}

TEST_F(Sweeps, AStopGoesOnToTheSameBits) {
  request.models = {"lr", "mlp", "fm"};
  sweep("whole");
  steps = 0;
  events.stop = [this] { return steps >= 17; };  // in the second run, inside its second epoch
  const SweepResult stopped = sweep();
  EXPECT_TRUE(stopped.interrupted);
  EXPECT_EQ(stopped.rows.size(), 1u);
  EXPECT_EQ(steps, 17);
  EXPECT_EQ(summarise(plan_sweep(request), stopped).combinations[1].missing, 1);
  events.stop = [] { return false; };
  int64_t counts[3] = {};
  events.begin = [&](int64_t done, int64_t half, int64_t fresh) {
    counts[0] = done;
    counts[1] = half;
    counts[2] = fresh;
  };
  const SweepResult rest = sweep();
  EXPECT_FALSE(rest.interrupted);
  EXPECT_EQ(counts[0], 1);
  EXPECT_EQ(counts[1], 1);
  EXPECT_EQ(counts[2], 1);
  EXPECT_EQ(steps, 3 * 12);
  for (const std::string& run : names()) {
    const RunComparison found = compare_runs(path("whole") + "/" + run, path("sweep") + "/" + run);
    EXPECT_GT(found.tensors, 0);
    EXPECT_EQ(found.log, "");
    EXPECT_EQ(found.weights, "");
  }
}

TEST_F(Sweeps, AFailureIsARowAndTheOthersGoOn) {
  fix("optimizer", "sgd");
  request.models = {"mlp"};
  request.grids = {"learning-rate=1e3,0.01"};
  fix("l2_net", "1");  // at the larger rate, weights grow a thousandfold at each step
  const SweepResult result = sweep();
  ASSERT_EQ(result.rows.size(), 2u);
  EXPECT_EQ(result.failed(), 1);
  EXPECT_NE(result.rows[0].error.find("train: the "), std::string::npos) << result.rows[0].error;
  EXPECT_TRUE(result.rows[1].done());
  EXPECT_TRUE(fs::exists(path("sweep") + "/" + result.rows[0].run + "/nan.json"));
  const SweepSummary summary = summarise(plan_sweep(request), result);
  EXPECT_EQ(summary.combinations[0].failed, 1);
  EXPECT_EQ(summary.best, 1u);
  // Tried again, and one row still; its error is read back with its commas.
  begun.clear();
  const SweepResult again = sweep();
  EXPECT_EQ(begun, std::vector<std::string>{result.rows[0].run});
  EXPECT_EQ(again.rows[0].error, result.rows[0].error);
  const std::string text = table();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3);
}

TEST_F(Sweeps, AnotherSweepsFolderIsRefused) {
  request.models = {"lr"};
  request.grids = {"dropout=0,0.1"};
  sweep();
  const SweepRequest original = request;
  auto with = [&](const std::function<void()>& change) {
    request = original;
    change();
    const std::string text = message([&] { sweep(); });
    const std::string head = "sweep: '" + path("sweep") + "' belongs to another sweep: ";
    const std::string tail = "; give the options that it began with, or choose another --out";
    EXPECT_TRUE(text.starts_with(head)) << text;
    EXPECT_TRUE(text.ends_with(tail)) << text;
    return text.substr(head.size(), text.size() - head.size() - tail.size());
  };
  EXPECT_EQ(with([&] { fix("epochs", "4"); }), "epochs (was 3, is 4)");
  EXPECT_EQ(with([&] { fix("clip_norm", "1"); }), "clip_norm (was not given, is 1)");
  EXPECT_EQ(with([&] { request.grids = {"l2_net=0,1"}; }),
            "it varies model,dropout, this command model,l2_net");
  EXPECT_EQ(with([&] {
              fs::remove_all(path("data"));
              make_data("data", [](Columns& rows) { rows = small_run_rows(kRows + 1, 1); });
            }),
            "the data set 'data' has another schema or other rows");
  request = original;
  fix("workers", "0");  // changes no result
  fs::remove_all(path("data"));
  make_data("data", [](Columns&) {});
  EXPECT_EQ(sweep().rows.size(), 2u);
  fs::create_directories(path("sweep2"));
  write_text_atomically(path("sweep2") + "/thesis.tex", "years of work");
  EXPECT_EQ(message([&] { sweep("sweep2"); }),
            "sweep: '" + path("sweep2") + "' holds other files and no sweep; choose another --out");
}

TEST_F(Sweeps, AChangedConfigurationIsRefused) {
  write_text_atomically(path("a.json"), R"({"model": "lr"})");
  request.configs = {path("a.json")};
  sweep();
  write_text_atomically(path("a.json"), R"({"model": "lr", "l2_net": 1})");
  EXPECT_NE(message([&] { sweep(); }).find("the configuration 'a' was changed since"),
            std::string::npos);
}

TEST_F(Sweeps, OneProcessAtATime) {
  request.models = {"lr"};
  sweep();
  const FileLock lock(path("sweep") + "/lock", "held");
  try {
    sweep();
    FAIL() << "two at once";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::busy);
    EXPECT_EQ(error.what(), "sweep: another process works on '" + path("sweep") +
                                "'; try again when it has ended");
  }
}

TEST_F(Sweeps, AForeignTableIsRefused) {
  request.models = {"lr"};
  sweep();
  const std::string file = path("sweep") + "/table.csv", whole = table();
  write_text_atomically(file, "a,b\n1,2\n");
  EXPECT_NE(message([&] { sweep(); }).find("table.csv:1: expected the columns run,model,seed"),
            std::string::npos);
  write_text_atomically(file, whole + "x,y\n");
  EXPECT_NE(message([&] { sweep(); }).find("table.csv:3: expected 31 columns, found 2"),
            std::string::npos);
}

}  // namespace
}  // namespace ctr
