#include "tools/run_directory.h"

#include <filesystem>
#include <utility>

#include <nlohmann/json.hpp>

#include "engine/check.h"
#include "io/checksum.h"
#include "io/file.h"
#include "io/json.h"
#include "io/schema_json.h"
#include "tools/config_file.h"
#include "tools/metrics_json.h"
#include "tools/model_file.h"

namespace ctr {
namespace {

Json config_json(TrainOptions train, ModelOptions model) {
  return {{"train", to_json(train.list())}, {"model", to_json(model.list())}};
}

// Options that alter what training computes and differ: "batch_size (was 64, is 32)".
std::vector<std::string> differing_options(const Json& was, const Json& is) {
  std::vector<std::string> lines;
  const Json& train = is.at("train");
  // Without a length of its own, the cosine takes that of the run.
  const bool length_matters = train.at("schedule") == "cosine" && train.at("schedule_steps") == 0;
  for (const char* section : {"train", "model"}) {
    for (const auto& [name, value] : is.at(section).items()) {
      const bool length = length_matters && (name == "epochs" || name == "max_steps");
      if (name == "data" || (may_change_on_resume(name) && !length)) continue;
      const Json before = was.at(section).value(name, Json());
      if (before != value)
        lines.push_back(
            fmt::format("{} (was {}, is {})", name, json_text(before), json_text(value)));
    }
  }
  return lines;
}

}  // namespace

Json to_json(const Metrics& metrics) {
  Json json = {{"auc", metrics.auc},
               {"logloss", metrics.logloss},
               {"mean_auc", metrics.mean_auc},
               {"wauc", metrics.wauc},
               {"gauc", metrics.gauc},
               {"pcoc", metrics.pcoc},
               {"domain_auc", metrics.domain_auc}};
  if (metrics.ranking.defined())
    for (const auto& [name, value] : kRankMetrics) json[name] = metrics.ranking.*value;
  for (const Metrics& task : metrics.tasks) json["tasks"][task.task] = to_json(task);
  return json;
}

std::string data_digest(const Dataset& data) {
  std::string text = json_text(to_json(data.schema));
  for (Split split : {Split::train, Split::valid, Split::test})
    text += fmt::format(" {}", data.rows(split));
  return checksum_text(checksum_of(text));
}

RunDirectory RunDirectory::create(std::string path, const std::string& stem) {
  for (int n = 1; path.empty(); ++n) {
    std::string candidate = "runs/" + stem + "-" + std::to_string(n);
    if (!std::filesystem::exists(candidate)) path = candidate;
  }
  CTR_CHECK(!std::filesystem::exists(path + "/config.json"),
            "train: '{}' already holds a run; go on with it by --resume {}, or choose another "
            "--run-dir",
            path, path);
  make_directories(path);
  return RunDirectory(std::move(path));
}

RunDirectory RunDirectory::open(const std::string& path) {
  CTR_CHECK(std::filesystem::exists(path + "/config.json"),
            "train: '{}' holds no run to resume; --resume takes the directory of one", path);
  return RunDirectory(path);
}

std::optional<TrainSnapshot> RunDirectory::load(const Dataset& data, const TrainOptions& train,
                                                const ModelOptions& model,
                                                std::vector<std::string>& notes) {
  std::optional<Checkpoint> found = CheckpointFolder(path_).load(notes);
  if (!found) return std::nullopt;
  const std::vector<std::string> lines =
      differing_options(parse_json(found->notes.options), config_json(train, model));
  CTR_CHECK(lines.empty(),
            "train: a resumed run must keep its options; changed: {}; leave them out, or begin a "
            "new run with --config {}",
            fmt::join(lines, ", "), path_);
  CTR_CHECK_DATA(found->notes.data == data_digest(data),
                 "train: the data set '{}' is not the one that {} was trained on; its schema or "
                 "its rows differ",
                 train.data, path_);
  notes_ = found->notes;
  return std::move(found->snapshot);
}

void RunDirectory::begin(const Dataset& data, const TrainOptions& train,
                         const ModelOptions& model) {
  const Json config = config_json(train, model);
  write_text_atomically(path_ + "/config.json", json_text(config, 2) + "\n");
  notes_.options = json_text(config);
  notes_.data = data_digest(data);
  log_ = std::make_unique<TrainLog>(path_, notes_.log_bytes, notes_.metrics_bytes);
}

TrainEvents RunDirectory::events(const TrainOptions& train) {
  TrainEvents events;
  events.step = [this, every = train.log_steps](const StepReport& report) {
    if (every > 0 && report.step % every == 0) log_->add(report);
  };
  events.epoch = [this](const EpochReport& report) { log_->add(report); };
  events.domain = [this](const DomainReport& report) { log_->add(report); };
  events.digest = [this](int64_t step, const ParameterStore& store) {
    log_->add_digest(step, store);
  };
  events.save = [this](const TrainSnapshot& snapshot) { save(snapshot); };
  events.non_finite = [this](const NonFinite& found) { write(found); };
  return events;
}

void RunDirectory::save(const TrainSnapshot& snapshot) {
  log_->sync();
  CheckpointNotes notes = notes_;
  notes.log_bytes = log_->log_bytes();
  notes.metrics_bytes = log_->metrics_bytes();
  saved_ = CheckpointFolder(path_).save(snapshot, notes);
}

void RunDirectory::write(const NonFinite& found) const {
  const Json json = {{"step", found.step},     {"epoch", found.epoch},
                     {"what", found.what},     {"value", fmt::format("{}", found.value)},
                     {"tensor", found.tensor}, {"bad_rows", found.bad_rows},
                     {"rows", found.rows}};
  write_text_atomically(path_ + "/nan.json", json_text(json) + "\n");
}

void RunDirectory::finish(BuiltModel& built, const Dataset& data, const TrainOptions& train,
                          const ModelOptions& model, const TrainReport& report) const {
  write_weights(path_, built, data.schema.domains);
  write_model_file(path_, data, train, model);
  const Json metrics = {{"best_epoch", report.best_epoch},
                        {"steps", report.steps},
                        {"seconds", report.seconds},
                        {"measured_norms", report.measured},
                        {"samples_per_s", report.samples_per_s},
                        {"test", to_json(report.test)}};
  write_text_atomically(path_ + "/metrics.json", json_text(metrics, 2) + "\n");
}

SavedRun read_config(const std::string& run) {
  SavedRun saved;
  OptionList options = joined(saved.train.list(), saved.model.list());
  for (const ConfigEntry& entry : read_config_file(run + "/config.json", options))
    options.set(entry.name, entry.text, entry.where);
  return saved;
}

}  // namespace ctr
