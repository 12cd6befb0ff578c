#include <unistd.h>

#include <cstdio>
#include <memory>

#include <fmt/format.h>

#include "io/data_catalog.h"
#include "tools/run_directory.h"
#include "tools/trainer.h"
#include "tools/verbs.h"

namespace ctr {
namespace {

struct State {
  TrainOptions train;
  ModelOptions model;
  std::string run_dir;
  bool baselines = true;
};

void print_data(const Dataset& data) {
  const Schema& schema = data.schema;
  const int64_t rows[] = {data.rows(Split::train), data.rows(Split::valid), data.rows(Split::test)};
  fmt::print("data      {}: {} rows in {} domains (train {}, valid {}, test {})\n", schema.name,
             rows[0] + rows[1] + rows[2], schema.domains, rows[0], rows[1], rows[2]);
  std::string fields;
  for (const Field& field : schema.fields) {
    fields += fmt::format("{}{} ({}{})", fields.empty() ? "" : ", ", field.name, field.vocabulary,
                          field.vectors.empty()
                              ? ""
                              : fmt::format(", given {}-d vectors, frozen", field.vector_width));
  }
  fmt::print("fields    {}\n", fields);
  if (!data.note.empty()) fmt::print("note      {}\n", data.note);
  if (auto best = data.facts.find("best_auc"); best != data.facts.end()) {
    fmt::print("best      reachable test AUC {:.4f} (of the true click probabilities)\n",
               best->second);
  }
}

// A bar on a terminal; nothing between epochs elsewhere.
class Progress {
 public:
  explicit Progress(const TrainOptions& options)
      : options_(options), terminal_(isatty(STDOUT_FILENO) != 0) {}

  void step(const StepReport& report) {
    if (!terminal_ || (report.step % 4 != 0 && report.step != report.steps_per_epoch)) return;
    constexpr int kWidth = 24;
    auto filled = static_cast<int>(kWidth * report.step / report.steps_per_epoch);
    double left =
        static_cast<double>((report.steps_per_epoch - report.step) * options_.batch_size) /
        report.samples_per_s;
    fmt::print("\repoch {:>3} [{:=<{}}{: <{}}] loss {:.4f}  {:.0f} samples/s  {:.0f} s left \x1b[K",
               report.epoch, "", filled, "", kWidth - filled, report.loss, report.samples_per_s,
               left);
    std::fflush(stdout);
  }

  void epoch(const EpochReport& report) const {
    fmt::print(
        "{}epoch {:>3}  train loss {:.4f}  valid AUC {:.4f}  log-loss {:.4f}  mean AUC {:.4f}  "
        "WAUC {:.4f}  {:.1f} s{}\n",
        terminal_ ? "\r\x1b[K" : "", report.epoch, report.train_loss, report.valid.auc,
        report.valid.logloss, report.valid.mean_auc, report.valid.wauc, report.seconds,
        report.best ? "  *" : "");
    std::fflush(stdout);
  }

 private:
  const TrainOptions& options_;
  bool terminal_;
};

void print_row(const std::string& name, const Metrics& m) {
  fmt::print("  {:<16} {:.4f}   {:.4f}     {:.4f}    {:.4f}  {:.3f}\n", name, m.auc, m.logloss,
             m.mean_auc, m.wauc, m.pcoc);
}

Metrics baseline(const std::string& name, const Dataset& data, const State& state) {
  ModelOptions options;
  TrainOptions train_options = state.train;
  train_options.epochs = 30;
  BuiltModel built(find_model(name), data, options, DType::f32,
                   static_cast<uint64_t>(train_options.seed));
  return train(built, data, train_options).test;
}

int run(State& state) {
  const ModelInfo& info = find_model(state.train.model);
  const Dataset data = open_dataset(state.train.data);
  print_data(data);
  const DType dtype = state.train.precision == "f64" ? DType::f64 : DType::f32;
  BuiltModel built(info, data, state.model, dtype, static_cast<uint64_t>(state.train.seed));
  fmt::print("model     {}: {} ({}); {} trained parameters, {} frozen\n", info.name, info.title,
             info.paper, built.store().count_trainable(), built.store().count_frozen());
  RunDirectory directory(state.run_dir, info.name + "-" + data.schema.name);
  directory.write_config(state.train, state.model);
  fmt::print("run       {}; optimizer {}, embedding update: {}, batch {}, seed {}\n\n",
             directory.path(), state.train.optimizer.rule, state.train.optimizer.update,
             state.train.batch_size, state.train.seed);
  std::fflush(stdout);

  Progress progress(state.train);
  TrainEvents events;
  events.step = [&](const StepReport& report) { progress.step(report); };
  events.epoch = [&](const EpochReport& report) {
    progress.epoch(report);
    directory.add(report);
  };
  TrainReport report = train(built, data, state.train, events);
  directory.finish(built, report);
  fmt::print("\nbest epoch {} of valid AUC; its weights are used. {} steps in {:.1f} s\n\n",
             report.best_epoch, report.steps, report.seconds);
  fmt::print("test             AUC      log-loss   mean AUC  WAUC    PCOC\n");
  print_row(info.name, report.test);
  for (const char* name : {"popularity", "lr"}) {
    if (state.baselines && info.name != name) print_row(name, baseline(name, data, state));
  }
  if (auto best = data.facts.find("best_auc"); best != data.facts.end()) {
    fmt::print("  {:<16} {:.4f}   {:.4f}\n", "best reachable", best->second,
               data.facts.at("best_logloss"));
  }
  fmt::print("\nresults are in {}: config.json, log.jsonl, metrics.json, model.safetensors\n",
             directory.path());
  return 0;
}

}  // namespace

Verb train_verb() {
  auto state = std::make_shared<State>();
  Verb verb;
  verb.name = "train";
  verb.summary = "train a model with early stopping and report its test metrics";
  verb.examples = {"ctrengine train --model apg --data taobao",
                   "ctrengine train --model deepfm --embedding-dim 128 --hidden-units 256,128 "
                   "--learning-rate 0.002"};
  verb.options = state->train.list();
  const OptionList model_options = state->model.list();
  for (const Option& option : model_options.all()) verb.options.add(option);
  verb.options.add(
      {"run_dir", &state->run_dir, "where results go; empty: a new folder under runs/"});
  verb.options.add({"baselines", &state->baselines, "also train popularity and lr for comparison"});
  verb.preset = [state](const std::string& model) { find_model(model).preset(state->model); };
  verb.run = [state](const std::vector<std::string>&) { return run(*state); };
  return verb;
}

}  // namespace ctr
