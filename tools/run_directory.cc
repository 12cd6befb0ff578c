#include "tools/run_directory.h"

#include <filesystem>
#include <utility>

#include <nlohmann/json.hpp>

#include "engine/check.h"
#include "io/file.h"
#include "io/safetensors.h"

namespace ctr {
namespace {

using json = nlohmann::ordered_json;

json to_json(const Metrics& metrics) {
  return {{"auc", metrics.auc},   {"logloss", metrics.logloss}, {"mean_auc", metrics.mean_auc},
          {"wauc", metrics.wauc}, {"pcoc", metrics.pcoc},       {"domain_auc", metrics.domain_auc}};
}

json to_json(const OptionList& list) {
  json result = json::object();
  for (const Option& option : list.all()) result[option.name] = OptionList::text_of(option);
  return result;
}

}  // namespace

RunDirectory::RunDirectory(std::string path, const std::string& stem) : path_(std::move(path)) {
  for (int n = 1; path_.empty(); ++n) {
    std::string candidate = "runs/" + stem + "-" + std::to_string(n);
    if (!std::filesystem::exists(candidate)) path_ = candidate;
  }
  CTR_CHECK(!std::filesystem::exists(path_ + "/config.json"),
            "train: '{}' already holds a run; choose another --run-dir", path_);
  make_directories(path_);
}

void RunDirectory::write_config(const TrainOptions& train, const ModelOptions& model) const {
  TrainOptions train_copy = train;
  ModelOptions model_copy = model;
  json config = {{"train", to_json(train_copy.list())}, {"model", to_json(model_copy.list())}};
  write_text_atomically(path_ + "/config.json", config.dump(2) + "\n");
}

void RunDirectory::add(const EpochReport& report) {
  json line = {{"epoch", report.epoch},
               {"train_loss", report.train_loss},
               {"seconds", report.seconds},
               {"best", report.best},
               {"valid", to_json(report.valid)}};
  log_ += line.dump() + "\n";
  write_text_atomically(path_ + "/log.jsonl", log_);
}

void RunDirectory::finish(BuiltModel& built, const TrainReport& report) const {
  std::map<std::string, Tensor> tensors;
  for (const auto& parameter : built.store().all()) {
    if (!parameter->frozen || built.model().counts()) tensors[parameter->name] = parameter->value;
  }
  write_safetensors(path_ + "/model.safetensors", tensors, {{"format", "ctrengine 1"}});
  json metrics = {{"best_epoch", report.best_epoch},
                  {"steps", report.steps},
                  {"seconds", report.seconds},
                  {"test", to_json(report.test)}};
  write_text_atomically(path_ + "/metrics.json", metrics.dump(2) + "\n");
}

SavedRun read_config(const std::string& run) {
  const std::string path = run + "/config.json";
  const json config = json::parse(read_text(path), nullptr, false);
  CTR_CHECK_DATA(config.is_object() && config.contains("train") && config.contains("model"),
                 "{}: not the configuration of a run", path);
  SavedRun saved;
  OptionList train = saved.train.list();
  OptionList model = saved.model.list();
  auto fill = [&](const json& object, OptionList& list) {
    CTR_CHECK_DATA(object.is_object(), "{}: not the configuration of a run", path);
    for (const auto& [name, value] : object.items()) {
      CTR_CHECK_DATA(value.is_string(), "{}: {} must be text", path, name);
      list.set(name, value.get<std::string>(), path);
    }
  };
  fill(config["train"], train);
  fill(config["model"], model);
  return saved;
}

void load_weights(const std::string& run, ParameterStore& store) {
  TensorFile file = read_safetensors(run + "/model.safetensors");
  for (const auto& parameter : store.all()) {
    auto found = file.tensors.find(parameter->name);
    if (found == file.tensors.end() && parameter->frozen)
      continue;  // given vectors come with the data
    const Tensor& value = file.at(parameter->name);
    CTR_CHECK_DATA(value.shape() == parameter->value.shape(), "{}: '{}' is {}, the model needs {}",
                   file.path, parameter->name, value.shape(), parameter->value.shape());
    const Tensor converted = value.cast(store.dtype());
    std::copy_n(
        static_cast<const char*>(converted.raw()), converted.bytes(),
        static_cast<char*>(parameter->value.raw()));  // in place: a model may hold the tensor
    file.tensors.erase(parameter->name);
  }
  for (const auto& [name, tensor] : file.tensors)
    fail(ErrorKind::data, "{}: the model has no '{}'", file.path, name);
  ++store.mode().weights_version;
}

}  // namespace ctr
