#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <memory>
#include <optional>

#include <fmt/format.h>

#include "engine/check.h"
#include "io/data_catalog.h"
#include "io/fewer_rows.h"
#include "io/only_domains.h"
#include "tools/config_file.h"
#include "tools/fine_tune.h"
#include "tools/interrupt.h"
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
  std::string config, resume;  // main reads these files before `run`
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
    if (!terminal_ || (report.step % 4 != 0 && report.step_of_epoch != report.steps_per_epoch))
      return;
    constexpr int kWidth = 24;
    auto filled = static_cast<int>(kWidth * report.step_of_epoch / report.steps_per_epoch);
    const int64_t rows_of_step = options_.batch_size * options_.accumulate;
    double left =
        static_cast<double>((report.steps_per_epoch - report.step_of_epoch) * rows_of_step) /
        report.samples_per_s;
    fmt::print("\repoch {:>3} [{:=<{}}{: <{}}] loss {:.4f}  {:.0f} samples/s  {:.0f} s left \x1b[K",
               report.epoch, "", filled, "", kWidth - filled, report.epoch_loss,
               report.samples_per_s, left);
    std::fflush(stdout);
  }

  void epoch(const EpochReport& report) {
    std::string rate;
    if (rate_ != 0 && report.learning_rate != rate_)
      rate = fmt::format("  learning rate {:.3g}", report.learning_rate);
    rate_ = report.learning_rate;
    const Metrics& valid = report.valid;
    std::string text =
        fmt::format("epoch {:>3}  train loss {:.4f}  valid", report.epoch, report.train_loss);
    if (valid.ranking.defined())
      text += fmt::format(" HR@1 {:.4f}  HR@10 {:.4f}  NDCG@10 {:.4f} ", valid.ranking.hr1,
                          valid.ranking.hr10, valid.ranking.ndcg10);
    if (!valid.ranking.defined() || !std::isnan(valid.auc))
      text += fmt::format(" AUC {:.4f}  log-loss {:.4f}  mean AUC {:.4f}  WAUC {:.4f} ", valid.auc,
                          valid.logloss, valid.mean_auc, valid.wauc);
    line(fmt::format("{} {:.1f} s{}{}", text, report.seconds, report.best ? "  *" : "", rate));
    for (const Metrics& task : report.valid.tasks)
      line(fmt::format("           {}  valid AUC {:.4f}  log-loss {:.4f}", task.task, task.auc,
                       task.logloss));
  }

  void domain(const DomainReport& report, const Schema& schema) const {
    line(fmt::format("domain {}  valid AUC {:.4f} -> {:.4f}  {} epochs, best {}",
                     schema.domain_name(static_cast<size_t>(report.domain)), report.before,
                     report.after, report.epochs, report.best_epoch));
  }

  // Above the bar.
  void line(const std::string& text) const {
    fmt::print("{}{}\n", terminal_ ? "\r\x1b[K" : "", text);
    std::fflush(stdout);
  }

 private:
  const TrainOptions& options_;
  bool terminal_;
  double rate_ = 0;
};

void print_row(const std::string& name, const Metrics& m) {
  fmt::print("  {:<16} {:.4f}   {:.4f}     {:.4f}    {:.4f}  {:.3f}\n", name, m.auc, m.logloss,
             m.mean_auc, m.wauc, m.pcoc);
}

Metrics baseline(const std::string& name, const Dataset& data, const State& state) {
  ModelOptions options;
  TrainOptions train_options = state.train;
  train_options.epochs = 30;
  train_options.task_weights = {};
  train_options.task_balance = "fixed";
  train_options.monitor_task = "";
  train_options.strategy = {};
  train_options.then_train = {};
  BuiltModel built(find_model(name), data, options, DType::f32,
                   static_cast<uint64_t>(train_options.seed));
  return train(built, data, train_options).test;
}

// Weights of another run, unless this one goes on with its own; and what is trained.
void prepare_weights(BuiltModel& built, const Dataset& data, const State& state) {
  if (!state.train.from.empty() && state.resume.empty()) {
    const Inherited all = begin_from(state.train.from, data, find_model(state.train.model), built);
    auto part = [](const char* what, std::vector<std::string> names) {
      constexpr size_t kShown = 6;
      if (names.size() > kShown + 1) {
        const std::string more = fmt::format("and {} more", names.size() - kShown);
        names.resize(kShown);
        names.push_back(more);
      }
      return names.empty() ? std::string() : fmt::format("; {}: {}", what, fmt::join(names, ", "));
    };
    fmt::print("from      {}: {} tensors{}{}{}\n", state.train.from, all.taken,
               part("with new rows", all.grown), part("begin fresh", all.fresh),
               part("not used", all.left));
  }
  train_only(state.train.trainable, built.store());
}

RunDirectory open_run(const State& state, const std::string& stem) {
  if (state.resume.empty()) return RunDirectory::create(state.run_dir, stem);
  CTR_CHECK(state.run_dir.empty() || state.run_dir == state.resume,
            "train: a resumed run stays where it is; leave --run-dir out");
  return RunDirectory::open(state.resume);
}

// Where training goes on; says so, and what it had to pass over.
std::optional<TrainSnapshot> snapshot_of(RunDirectory& directory, const Dataset& data,
                                         const State& state) {
  if (state.resume.empty()) return std::nullopt;
  std::vector<std::string> notes;
  std::optional<TrainSnapshot> from = directory.load(data, state.train, state.model, notes);
  for (const std::string& note : notes) fmt::print("note      {}\n", note);
  if (from) {
    fmt::print("resumed   from step {}, batch {} of epoch {}\n", from->state.step,
               from->state.batch, from->state.epoch);
  } else {
    fmt::print("resumed   from the beginning: the run has no checkpoint yet\n");
  }
  return from;
}

// Files first, then the terminal.
TrainEvents events_of(const State& state, const Schema& schema, RunDirectory& directory,
                      Progress& progress) {
  const TrainEvents files = directory.events(state.train);
  TrainEvents events = files;
  events.step = [&progress, files](const StepReport& report) {
    files.step(report);
    progress.step(report);
  };
  events.epoch = [&progress, files](const EpochReport& report) {
    files.epoch(report);
    progress.epoch(report);
  };
  events.domain = [&progress, &schema, files](const DomainReport& report) {
    files.domain(report);
    progress.domain(report, schema);
  };
  events.save = [&directory, &progress, files](const TrainSnapshot& snapshot) {
    files.save(snapshot);
    if (snapshot.state.batch > 0) progress.line("saved     " + directory.saved());
  };
  events.non_finite = [&directory, &progress, files](const NonFinite& found) {
    files.non_finite(found);
    progress.line("note      " + directory.path() + "/nan.json lists the rows of the step");
  };
  events.stop = [] { return InterruptScope::requested(); };
  return events;
}

// Of clicks among all items, by models that score them.
void print_ranking(const State& state, const Dataset& data, const Metrics& test) {
  fmt::print("clicks of test   HR@1     HR@10    MRR@10   NDCG@10  among all items\n");
  auto row = [](const std::string& name, const RankMetrics& r) {
    fmt::print("  {:<14} {:.4f}   {:.4f}   {:.4f}   {:.4f}\n", name, r.hr1, r.hr10, r.mrr10,
               r.ndcg10);
  };
  row(state.train.model, test.ranking);
  if (state.baselines && state.train.model != "popularity")
    row("popularity", baseline("popularity", data, state).ranking);
  if (auto best = data.facts.find("best_hr1"); best != data.facts.end())
    fmt::print("  {:<14} {:.4f}\n", "best reachable", best->second);
}

void print_results(const State& state, const Dataset& data, const TrainReport& report) {
  if (report.test.ranking.defined()) print_ranking(state, data, report.test);
  if (report.test.ranking.defined() && std::isnan(report.test.auc)) return;
  fmt::print("test             AUC      log-loss   mean AUC  WAUC    PCOC\n");
  const bool several = !report.test.tasks.empty();
  for (const Metrics& task : report.test.tasks) print_row(task.task, task);
  print_row(several ? "mean over tasks" : state.train.model, report.test);
  for (const std::string name : {"popularity", "lr"}) {
    if (!state.baselines || state.train.model == name) continue;
    if (name == "popularity" && data.schema.index_of(FieldRole::item) < 0)
      fmt::print("  {:<16} not counted: the data marks no item field\n", name);
    else
      print_row(several ? fmt::format("{} of {}", name, data.schema.labels[0]) : name,
                baseline(name, data, state));
  }
  if (auto best = data.facts.find("best_auc"); best != data.facts.end()) {
    fmt::print("  {:<16} {:.4f}   {:.4f}\n", "best reachable", best->second,
               data.facts.at("best_logloss"));
  }
}

int run(State& state) {
  const ModelInfo& info = find_model(state.train.model);
  const Dataset data =
      fewer_rows(only_domains(open_dataset(state.train.data), state.train.only_domains),
                 state.train.train_rows, static_cast<uint64_t>(state.train.seed));
  print_data(data);
  const DType dtype = state.train.precision == "f64" ? DType::f64 : DType::f32;
  BuiltModel built(info, data, state.model, dtype, static_cast<uint64_t>(state.train.seed));
  prepare_weights(built, data, state);
  fmt::print("model     {}: {} ({}); {} trained parameters, {} frozen\n", info.name, info.title,
             info.paper, built.store().count_trainable(), built.store().count_frozen());
  check_training(built, data, state.train);  // before the run has a folder
  RunDirectory directory = open_run(state, info.name + "-" + data.schema.name);
  const std::optional<TrainSnapshot> from = snapshot_of(directory, data, state);
  directory.begin(data, state.train, state.model);
  const StrategyOptions& strategy = state.train.strategy;
  fmt::print(
      "run       {}; strategy {}{}, optimizer {}, embedding update: {}, batch {}, seed {}{}\n\n",
      directory.path(), strategy.name, strategy.finetune_domains ? ", then each domain alone" : "",
      state.train.optimizer.rule, state.train.optimizer.update, state.train.batch_size,
      state.train.seed, state.train.preset == "none" ? "" : ", preset " + state.train.preset);
  std::fflush(stdout);

  Progress progress(state.train);
  TrainReport report;
  {
    InterruptScope interrupt;
    report = train(built, data, state.train, events_of(state, data.schema, directory, progress),
                   from ? &*from : nullptr);
  }
  if (report.interrupted) {
    const std::string& saved = directory.saved();
    fmt::print("\ninterrupted after step {}; all of it is in {}\n", report.steps,
               saved.empty() ? directory.path() : saved);
    fmt::print("go on with `ctrengine train --resume {}`\n", directory.path());
    return 130;
  }
  directory.finish(built, data, state.train, state.model, report);
  const bool by_rank = state.train.monitor == "auto" && std::isnan(report.test.auc);
  const std::string monitor = by_rank ? "NDCG@10"
                              : state.train.monitor == "auc" || state.train.monitor == "auto"
                                  ? "AUC"
                                  : state.train.monitor;
  fmt::print("\n{}. {} steps in {:.1f} s\n\n",
             strategy.trains_together()
                 ? fmt::format("best epoch {} of valid {}; its weights are used", report.best_epoch,
                               monitor)
                 : "each domain keeps the weights of its best epoch",
             report.steps, report.seconds);
  if (state.train.optimizer.update == "replay" && state.train.clip_norm > 0)
    fmt::print("clipping  {} of {} steps had to measure whole tables\n\n", report.measured,
               report.steps);
  print_results(state, data, report);
  fmt::print(
      "\nresults are in {}: config.json, log.jsonl, metrics.csv, metrics.json, model.json, "
      "model.safetensors\n",
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
                   "--learning-rate 0.002",
                   "ctrengine train --resume runs/apg-taobao-1 --epochs 50",
                   "ctrengine train --from runs/mlp-taobao-1 --model mlora --trainable lora",
                   "ctrengine train --model mlp --strategy mamdr --monitor mean_auc"};
  verb.options = joined(state->train.list(), state->model.list());
  verb.options.add(
      {"run_dir", &state->run_dir, "where results go; empty: a new folder under runs/"});
  verb.options.add({"baselines", &state->baselines, "also train popularity and lr for comparison"});
  verb.options.add({"config", &state->config,
                    "JSON file with options, or a run directory; flags come after it"});
  verb.options.add({"resume", &state->resume,
                    "run directory: go on from its last checkpoint, with its options"});
  verb.preset = [state](const std::string& model) { find_model(model).preset(state->model); };
  verb.run = [state](const std::vector<std::string>&) { return run(*state); };
  return verb;
}

}  // namespace ctr
