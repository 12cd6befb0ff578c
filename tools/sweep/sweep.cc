#include "tools/sweep/sweep.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <new>

#include "engine/check.h"
#include "io/data_catalog.h"
#include "io/fewer_rows.h"
#include "io/only_domains.h"
#include "models/model.h"
#include "tools/fine_tune.h"
#include "tools/run_directory.h"

namespace ctr {
namespace {

namespace fs = std::filesystem;

using DataSets = std::map<std::string, Dataset>;  // by data_key

// The option's text, and those of the domains whose rows are read.
std::string data_key(const TrainOptions& options) {
  return options.only_domains.empty()
             ? options.data
             : fmt::format("{}, {}", options.data, fmt::join(options.only_domains, ", "));
}

DataSets open_data(const SweepPlan& plan) {
  DataSets data;
  for (const PlannedRun& run : plan.runs) {
    const std::string key = data_key(run.train);
    if (!data.contains(key))
      data[key] = only_domains(open_dataset(run.train.data), run.train.only_domains);
  }
  return data;
}

Dataset data_of(const PlannedRun& run, const DataSets& data) {
  return fewer_rows(data.at(data_key(run.train)), run.train.train_rows,
                    static_cast<uint64_t>(run.train.seed));
}

// As a run without its seed is called.
std::string combination_name(const PlannedRun& run) {
  const size_t seed = run.name.rfind("seed=");
  return seed == 0 ? "the one combination" : run.name.substr(0, seed - 1);
}

int64_t check_combination(const std::string& verb, const PlannedRun& run, const Dataset& data) {
  try {
    const std::unique_ptr<BuiltModel> built = built_run(run, data);
    check_training(*built, data, run.train);
    return built->store().count_trainable();
  } catch (const Error& error) {
    fail(error.kind(), "{}: {}: {}", verb, combination_name(run), error.what());
  }
}

class Runner {
 public:
  Runner(const SweepPlan& plan, const std::string& path, bool keep_checkpoints,
         const SweepEvents& events)
      : plan_(plan),
        data_(open_data(plan)),
        folder_(path, plan, digests()),
        table_(folder_.table(), plan.axes),
        keep_checkpoints_(keep_checkpoints),
        events_(events),
        parameters_(plan.combinations(), -1) {}

  SweepResult run();

 private:
  std::map<std::string, std::string> digests() const {
    std::map<std::string, std::string> result;
    for (const auto& [name, data] : data_) result[path_label(name)] = data_digest(data);
    return result;
  }
  bool done(const PlannedRun& run) const {
    const SweepRow* row = table_.find(run.name);
    return row != nullptr && row->done();
  }
  void check();
  void run_one(const PlannedRun& run);
  // False when it was interrupted.
  bool train_one(const PlannedRun& run);
  SweepRow row_of(const PlannedRun& run) const;

  const SweepPlan& plan_;
  DataSets data_;
  SweepFolder folder_;
  SweepTable table_;
  bool keep_checkpoints_;
  const SweepEvents& events_;
  std::vector<int64_t> parameters_;  // by combination; -1: not counted
  bool interrupted_ = false;
};

void Runner::check() {
  int64_t done_count = 0, begun = 0;
  for (const PlannedRun& run : plan_.runs) {
    if (done(run)) {
      ++done_count;
      continue;
    }
    begun += fs::exists(folder_.run(run) + "/config.json");
    int64_t& count = parameters_[run.combination];
    if (count < 0) count = check_combination(plan_.verb, run, data_of(run, data_));
  }
  events_.begin(done_count, begun, std::ssize(plan_.runs) - done_count - begun);
}

SweepRow Runner::row_of(const PlannedRun& run) const {
  SweepRow row;
  row.run = run.name;
  row.model = run.train.model;
  row.values = run.values;
  row.seed = run.train.seed;
  row.parameters = parameters_[run.combination];
  return row;
}

bool Runner::train_one(const PlannedRun& run) {
  const Dataset data = data_of(run, data_);
  const std::string path = folder_.run(run);
  const bool begun = fs::exists(path + "/config.json");
  RunDirectory directory = begun ? RunDirectory::open(path) : RunDirectory::create(path, "");
  std::optional<TrainSnapshot> from;
  std::vector<std::string> notes;
  if (begun) from = directory.load(data, run.train, run.model, notes);
  for (const std::string& note : notes) events_.note(note);
  const std::unique_ptr<BuiltModel> built = built_run(run, data);
  directory.begin(data, run.train, run.model);
  TrainEvents events = directory.events(run.train);
  events.step = [this, log = events.step](const StepReport& report) {
    log(report);
    events_.step(report);
  };
  events.stop = events_.stop;
  const TrainReport report = train(*built, data, run.train, events, from ? &*from : nullptr);
  if (!report.interrupted) directory.finish(*built, data, run.train, run.model, report);
  return !report.interrupted;
}

// A run whose directory is whole but not in the table ended just before the program did.
void Runner::run_one(const PlannedRun& run) {
  events_.run(run);
  const std::string path = folder_.run(run);
  SweepRow row = row_of(run);
  try {
    if (!fs::exists(path + "/metrics.json")) interrupted_ = !train_one(run);
    if (interrupted_) return;
    read_result(path, row);
  } catch (const Error& error) {
    row.error = error.what();
  } catch (const std::bad_alloc&) {
    row.error = "out of memory; use a smaller batch_size";
  }
  table_.put(row);
  if (row.done() && !keep_checkpoints_) fs::remove_all(path + "/checkpoint");
  events_.row(run, row);
}

SweepResult Runner::run() {
  check();
  for (const PlannedRun& run : plan_.runs) {
    interrupted_ = interrupted_ || events_.stop();
    if (interrupted_) break;
    if (!done(run)) run_one(run);
  }
  SweepResult result;
  result.interrupted = interrupted_;
  for (size_t i = 0; i < plan_.runs.size(); ++i) {
    const SweepRow* row = table_.find(plan_.runs[i].name);
    if (row == nullptr) continue;
    result.rows.push_back(*row);
    result.runs.push_back(i);
  }
  return result;
}

}  // namespace

std::unique_ptr<BuiltModel> built_run(const PlannedRun& run, const Dataset& data) {
  auto built = std::make_unique<BuiltModel>(find_model(run.train.model), data, run.model,
                                            run.train.precision == "f64" ? DType::f64 : DType::f32,
                                            static_cast<uint64_t>(run.train.seed));
  if (!run.train.from.empty())
    begin_from(run.train.from, data, find_model(run.train.model), *built);
  train_only(run.train.trainable, built->store());
  return built;
}

int64_t SweepResult::failed() const {
  return std::count_if(rows.begin(), rows.end(), [](const SweepRow& row) { return !row.done(); });
}

SweepResult run_sweep(const SweepPlan& plan, const std::string& path, bool keep_checkpoints,
                      const SweepEvents& events) {
  return Runner(plan, path, keep_checkpoints, events).run();
}

std::vector<int64_t> check_sweep(const SweepPlan& plan) {
  const DataSets data = open_data(plan);
  std::vector<int64_t> parameters;
  for (size_t i = 0; i < plan.combinations(); ++i)
    parameters.push_back(check_combination(plan.verb, plan.runs[i], data_of(plan.runs[i], data)));
  return parameters;
}

}  // namespace ctr
