#include "tools/model_file.h"

#include <filesystem>

#include <nlohmann/json.hpp>

#include "engine/check.h"
#include "io/checksum.h"
#include "io/file.h"
#include "io/json.h"
#include "io/safetensors.h"
#include "io/schema_json.h"
#include "io/vocabulary.h"
#include "tools/config_file.h"

namespace ctr {
namespace {

namespace fs = std::filesystem;
constexpr int64_t kVersion = 1;
constexpr const char* kWeights = "model.safetensors";
constexpr const char* kVectors = "vectors.safetensors";

std::string digest(const std::string& path) { return checksum_text(file_checksum(path)); }

void copy_file(const std::string& from, const std::string& to) {
  const MappedFile source(from);
  AtomicFile target(to);
  target.write(source.bytes().data(), source.bytes().size());
  target.commit();
}

}  // namespace

void write_model_file(const std::string& run, const Dataset& data, const TrainOptions& train,
                      const ModelOptions& model) {
  Json files = Json::object();
  files[kWeights] = digest(run + "/" + kWeights);
  for (const Field& field : data.schema.fields) {
    if (!fs::exists(data.vocabulary_path(field))) continue;
    const std::string name = vocabulary_file(field.name);
    make_directories(fs::path(run + "/" + name).parent_path().string());
    copy_file(data.vocabulary_path(field), run + "/" + name);
    files[name] = digest(run + "/" + name);
  }
  if (!data.vectors.empty()) {
    write_safetensors(run + "/" + kVectors, data.vectors, {});
    files[kVectors] = digest(run + "/" + kVectors);
  }
  TrainOptions train_copy = train;
  ModelOptions model_copy = model;
  const Json json = {
      {"format", "ctrengine model"},
      {"version", kVersion},
      {"options", {{"train", to_json(train_copy.list())}, {"model", to_json(model_copy.list())}}},
      {"schema", to_json(data.schema)},
      {"files", files}};
  write_text_atomically(run + "/model.json", json_text(json, 1) + "\n");
}

std::string ModelFile::vocabulary_path(const Field& field) const {
  return path + "/" + vocabulary_file(field.name);
}

std::unique_ptr<BuiltModel> ModelFile::build() const {
  auto built = std::make_unique<BuiltModel>(find_model(train.model), schema, vectors, model,
                                            train.precision == "f64" ? DType::f64 : DType::f32,
                                            static_cast<uint64_t>(train.seed));
  const std::string weights = path + "/" + kWeights;
  built->load(read_safetensors(weights).tensors, weights);
  return built;
}

ModelFile read_model_file(const std::string& run) {
  const std::string where = run + "/model.json";
  CTR_CHECK_DATA(!fs::is_directory(run) || fs::exists(where),
                 "'{}' holds no trained model: there is no model.json; `ctrengine train` writes it "
                 "at its end",
                 run);
  const Json json = read_json(where);
  CTR_CHECK_DATA(json.is_object() && json.value("format", "") == "ctrengine model",
                 "{}: not the description of a model", where);
  const auto version = json.value("version", int64_t{0});
  CTR_CHECK_DATA(version == kVersion, "{}: has version {}, this program reads {}", where, version,
                 kVersion);
  ModelFile file;
  file.path = run;
  file.schema = schema_from_json(json.value("schema", Json()), where);
  OptionList options = joined(file.train.list(), file.model.list());
  for (const ConfigEntry& entry : config_entries(json.value("options", Json()), where, options))
    options.set(entry.name, entry.text, entry.where);
  const Json files = json.value("files", Json::object());
  for (const auto& [name, expected] : files.items()) {
    CTR_CHECK_DATA(expected.is_string() && digest(run + "/" + name) == expected.get<std::string>(),
                   "{}: does not fit the checksum in {}; the file was changed or damaged",
                   run + "/" + name, where);
  }
  if (files.contains(kVectors)) file.vectors = read_safetensors(run + "/" + kVectors).tensors;
  return file;
}

}  // namespace ctr
