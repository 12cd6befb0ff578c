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
constexpr const char* kVectors = "vectors.safetensors";

std::string digest(const std::string& path) { return checksum_text(file_checksum(path)); }

// A run's, read when they are put into the model: the memory of one domain.
class DomainFiles : public DomainWeights {
 public:
  DomainFiles(BuiltModel& built, std::string run) : built_(built), run_(std::move(run)) {}

  void put(int64_t domain) override {
    const std::string path =
        run_ + "/" + (domain < 0 ? std::string(kWeights) : domain_file(domain));
    built_.load(read_safetensors(path).tensors, path);
  }

 private:
  BuiltModel& built_;
  std::string run_;
};

void copy_file(const std::string& from, const std::string& to) {
  const MappedFile source(from);
  AtomicFile target(to);
  target.write(source.bytes().data(), source.bytes().size());
  target.commit();
}

}  // namespace

std::string domain_file(int64_t domain) { return fmt::format("domains/{}.safetensors", domain); }

void write_weights(const std::string& run, BuiltModel& built, int64_t domains) {
  const std::map<std::string, std::string> metadata = {{"format", "ctrengine 1"}};
  write_safetensors(run + "/" + kWeights, built.weights(), metadata);
  DomainWeights* own = built.domain_weights();
  if (own == nullptr) return;
  make_directories(run + "/domains");
  for (int64_t d = 0; d < domains; ++d) {
    own->put(d);
    write_safetensors(run + "/" + domain_file(d), built.weights(), metadata);
  }
  own->put(-1);
}

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
  for (int64_t d = 0; d < data.schema.domains; ++d)
    if (const std::string name = domain_file(d); fs::exists(run + "/" + name))
      files[name] = digest(run + "/" + name);
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
  if (by_domain) built->set_domain_weights(std::make_shared<DomainFiles>(*built, path));
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
  file.by_domain = files.contains(domain_file(0));
  if (files.contains(kVectors)) file.vectors = read_safetensors(run + "/" + kVectors).tensors;
  return file;
}

}  // namespace ctr
