#include "tools/checkpoint.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <set>

#include <nlohmann/json.hpp>

#include "engine/check.h"
#include "io/checksum.h"
#include "io/file.h"
#include "io/json.h"
#include "io/safetensors.h"
#include "io/schema_json.h"

namespace ctr {
namespace {

namespace fs = std::filesystem;
constexpr int64_t kVersion = 1;
constexpr const char* kWeights = "/model.safetensors";
constexpr const char* kOptimizer = "/optimizer.safetensors";
constexpr const char* kStrategy = "/strategy.safetensors";  // where there is anything in it
constexpr const char* kState = "/state.json";

std::string file_digest(const std::string& path) { return checksum_text(file_checksum(path)); }

Json to_json(const TrainState& s) {
  return {{"step", s.step},
          {"updates", s.updates},
          {"phase", s.phase},
          {"first_epoch", s.first_epoch},
          {"tuned", s.tuned},
          {"epoch", s.epoch},
          {"batch", s.batch},
          {"loss_sum", s.loss_sum},
          {"rows_seen", s.rows_seen},
          {"measured", s.measured},
          {"seconds", s.seconds},
          {"best", s.stop.best},
          {"best_epoch", s.stop.best_epoch},
          {"best_step", s.stop.best_step},
          {"epochs_waiting", s.stop.waiting},
          {"plateau_cuts", s.plateau.cuts},
          {"plateau_waiting", s.plateau.waiting},
          {"balance_weights", s.balance.weights},
          {"balance_first_losses", s.balance.first_losses}};
}

TrainState state_from(const Json& json) {
  TrainState s;
  json.at("step").get_to(s.step);
  s.updates = json.value("updates", s.step);
  s.phase = json.value("phase", s.phase);
  s.first_epoch = json.value("first_epoch", s.first_epoch);
  s.tuned = json.value("tuned", s.tuned);
  json.at("epoch").get_to(s.epoch);
  json.at("batch").get_to(s.batch);
  json.at("loss_sum").get_to(s.loss_sum);
  json.at("rows_seen").get_to(s.rows_seen);
  s.measured = json.value("measured", int64_t{0});
  json.at("seconds").get_to(s.seconds);
  json.at("best").get_to(s.stop.best);
  json.at("best_epoch").get_to(s.stop.best_epoch);
  json.at("best_step").get_to(s.stop.best_step);
  json.at("epochs_waiting").get_to(s.stop.waiting);
  json.at("plateau_cuts").get_to(s.plateau.cuts);
  json.at("plateau_waiting").get_to(s.plateau.waiting);
  s.balance.weights = json.value("balance_weights", std::vector<double>());
  s.balance.first_losses = json.value("balance_first_losses", std::vector<double>());
  return s;
}

void write_state(const std::string& folder, const TrainState& state, const CheckpointNotes& notes) {
  Json files = {{kWeights + 1, file_digest(folder + kWeights)},
                {kOptimizer + 1, file_digest(folder + kOptimizer)}};
  if (fs::exists(folder + kStrategy)) files[kStrategy + 1] = file_digest(folder + kStrategy);
  Json json = {
      {"format", "ctrengine checkpoint"},     {"version", kVersion}, {"state", to_json(state)},
      {"options", parse_json(notes.options)}, {"data", notes.data},  {"log_bytes", notes.log_bytes},
      {"metrics_bytes", notes.metrics_bytes}, {"files", files}};
  json["checksum"] = checksum_text(checksum_of(json_text(json)));
  write_text_atomically(folder + kState, json_text(json, 1) + "\n");
}

// state.json, checked against its own checksum.
Json read_state(const std::string& folder) {
  const std::string path = folder + kState;
  Json json = read_json(path);
  CTR_CHECK_DATA(json.is_object() && json.value("format", "") == "ctrengine checkpoint" &&
                     json.contains("checksum") && json["checksum"].is_string(),
                 "{}: not the state of a checkpoint", path);
  const std::string expected = json["checksum"].get<std::string>();
  json.erase("checksum");
  CTR_CHECK_DATA(checksum_text(checksum_of(json_text(json))) == expected,
                 "{}: the checksum does not fit", path);
  CTR_CHECK_DATA(json.value("version", int64_t{0}) == kVersion,
                 "{}: has version {}, this program reads {}", path,
                 json.value("version", int64_t{0}), kVersion);
  return json;
}

std::map<std::string, Tensor> read_tensors(const std::string& folder, const char* file,
                                           const Json& json) {
  const std::string path = folder + file;
  CTR_CHECK_DATA(file_digest(path) == json.at("files").at(file + 1).get<std::string>(),
                 "{}: the checksum does not fit", path);
  return read_safetensors(path).tensors;
}

std::map<std::string, Tensor> read_strategy(const std::string& folder, const Json& json) {
  if (!json.at("files").contains(kStrategy + 1)) return {};
  return read_tensors(folder, kStrategy, json);
}

}  // namespace

std::string CheckpointFolder::directory(int64_t step) const {
  return path_ + "/step-" + std::to_string(step);
}

std::vector<int64_t> CheckpointFolder::steps() const {
  std::vector<int64_t> steps;
  if (!fs::is_directory(path_)) return steps;
  for (const auto& entry : fs::directory_iterator(path_)) {
    const std::string name = entry.path().filename().string();
    int64_t step = 0;
    if (!name.starts_with("step-")) continue;
    auto [end, code] = std::from_chars(name.data() + 5, name.data() + name.size(), step);
    if (code == std::errc() && end == name.data() + name.size()) steps.push_back(step);
  }
  std::sort(steps.rbegin(), steps.rend());
  return steps;
}

std::string CheckpointFolder::save(const TrainSnapshot& snapshot,
                                   const CheckpointNotes& notes) const {
  make_directories(path_);
  const std::string target = directory(snapshot.state.step);
  AtomicDirectory draft(target);
  write_safetensors(draft.path() + kWeights, snapshot.weights, {{"format", "ctrengine 1"}});
  write_safetensors(draft.path() + kOptimizer, snapshot.optimizer, {{"format", "ctrengine 1"}});
  if (!snapshot.strategy.empty())
    write_safetensors(draft.path() + kStrategy, snapshot.strategy, {{"format", "ctrengine 1"}});
  write_state(draft.path(), snapshot.state, notes);
  draft.replace();  // what has this step is equal, or damaged
  write_text_atomically(path_ + "/latest", fs::path(target).filename().string() + "\n");
  prune();
  return target;
}

Checkpoint CheckpointFolder::read(int64_t step) const {
  Checkpoint result;
  result.path = directory(step);
  try {
    const Json json = read_state(result.path);
    TrainSnapshot& snapshot = result.snapshot;
    snapshot.state = state_from(json.at("state"));
    snapshot.weights = read_tensors(result.path, kWeights, json);
    snapshot.optimizer = read_tensors(result.path, kOptimizer, json);
    snapshot.strategy = read_strategy(result.path, json);
    json.at("data").get_to(result.notes.data);
    json.at("log_bytes").get_to(result.notes.log_bytes);
    json.at("metrics_bytes").get_to(result.notes.metrics_bytes);
    result.notes.options = json_text(json.at("options"));
    if (const int64_t best = snapshot.state.stop.best_step; best == step) {
      snapshot.best = snapshot.weights;
      snapshot.best_strategy = snapshot.strategy;
    } else if (best > 0) {
      const Json best_json = read_state(directory(best));
      snapshot.best = read_tensors(directory(best), kWeights, best_json);
      snapshot.best_strategy = read_strategy(directory(best), best_json);
    }
  } catch (const Json::exception& error) {  // a member is missing or of another kind
    fail(ErrorKind::data, "{}{}: {}", result.path, kState, error.what());
  }
  return result;
}

std::optional<Checkpoint> CheckpointFolder::load(std::vector<std::string>& damaged) const {
  const std::vector<int64_t> all = steps();
  for (int64_t step : all) {
    try {
      return read(step);
    } catch (const Error& error) {
      damaged.push_back(
          fmt::format("checkpoint {} cannot be used: {}", directory(step), error.what()));
    }
  }
  CTR_CHECK_DATA(all.empty(), "{}: no checkpoint is whole; train anew\n  {}", path_,
                 fmt::join(damaged, "\n  "));
  return std::nullopt;
}

// Also removes what a crash left under temporary names. What cannot be removed stays: it harms
// nobody.
void CheckpointFolder::prune() const {
  const std::vector<int64_t> all = steps();
  std::set<int64_t> needed;
  for (size_t i = 0; i < std::min<size_t>(all.size(), 2); ++i) {
    needed.insert(all[i]);
    try {
      needed.insert(state_from(read_state(directory(all[i])).at("state")).stop.best_step);
    } catch (const std::exception&) {
      return;  // the second one is damaged: remove nothing until two are whole
    }
  }
  std::error_code ignored;
  for (int64_t step : all) {
    if (!needed.contains(step)) fs::remove_all(directory(step), ignored);
  }
  for (const auto& entry : fs::directory_iterator(path_, ignored)) {
    if (entry.path().filename().string().find(".tmp-") != std::string::npos)
      fs::remove_all(entry.path(), ignored);
  }
}

}  // namespace ctr
