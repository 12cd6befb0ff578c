#include "io/dataset.h"

#include <filesystem>
#include <utility>

#include <nlohmann/json.hpp>

#include "engine/check.h"
#include "io/json.h"
#include "io/safetensors.h"
#include "io/schema_json.h"
#include "io/vocabulary.h"

namespace ctr {
namespace {

constexpr int64_t kVersion = 1;

std::string blocks_path(const std::string& folder, size_t split) {
  return folder + "/" + kSplitNames[split] + ".blocks";
}

std::string description_path(const std::string& folder) { return folder + "/schema.json"; }

// schema.json of a directory, which must be one of this version.
Json read_description(const std::string& path) {
  const std::string where = description_path(path);
  CTR_CHECK(std::filesystem::is_directory(path),
            "'{}' is no data set: it is no directory; `ctrengine prepare` makes one", path);
  Json json = read_json(where);
  CTR_CHECK_DATA(json.is_object() && json.value("format", "") == "ctrengine data",
                 "{}: not the schema of a ctrengine data set", where);
  const int64_t version = json.value("version", int64_t{0});
  CTR_CHECK_DATA(version == kVersion,
                 "{}: has version {}, this program reads {}; prepare the data again", where,
                 version, kVersion);
  return json;
}

// The block files named in `splits`, which must hold the rows that schema.json counts.
void open_splits(Dataset& data, const Json& splits, const std::string& where) {
  for (size_t s = 0; s < kSplitNames.size(); ++s) {
    CTR_CHECK_DATA(splits.is_object() && splits.contains(kSplitNames[s]) &&
                       splits[kSplitNames[s]].is_number_integer(),
                   "{}: 'splits' must count the rows of train, valid and test", where);
    auto blocks = std::make_shared<const BlockFile>(blocks_path(data.path, s), data.schema);
    const auto rows = splits[kSplitNames[s]].get<int64_t>();
    CTR_CHECK_DATA(blocks->rows() == rows,
                   "{}: holds {} rows, schema.json counts {}; blocks are missing, or the files are "
                   "of two data sets",
                   blocks->path(), blocks->rows(), rows);
    data.splits[s] = std::move(blocks);
  }
}

void open_vectors(Dataset& data) {
  bool any = false;
  for (const Field& field : data.schema.fields) any = any || !field.vectors.empty();
  if (!any) return;
  TensorFile file = read_safetensors(data.path + "/vectors.safetensors");
  for (const Field& field : data.schema.fields) {
    if (field.vectors.empty()) continue;
    const Tensor& table = file.at(field.vectors);
    CTR_CHECK_DATA(table.dtype() == DType::f32 &&
                       table.shape() == Shape({field.vocabulary, field.vector_width}),
                   "{}: '{}' is {} {}, field '{}' needs f32 [{},{}]", file.path, field.vectors,
                   table.dtype(), table.shape(), field.name, field.vocabulary, field.vector_width);
    data.vectors[field.vectors] = table;
  }
}

}  // namespace

std::string Dataset::vocabulary_path(const Field& field) const {
  return path + "/" + vocabulary_file(field.name);
}

Schema read_dataset_schema(const std::string& path) {
  return schema_from_json(read_description(path).value("schema", Json()), description_path(path));
}

Dataset read_dataset(const std::string& path) {
  const std::string where = description_path(path);
  const Json json = read_description(path);
  Dataset data;
  data.path = path;
  data.schema = schema_from_json(json.value("schema", Json()), where);
  data.origin = json.value("origin", "");
  data.note = json.value("note", "");
  data.facts = json.value("facts", std::map<std::string, double>());
  open_splits(data, json.value("splits", Json()), where);
  open_vectors(data);
  return data;
}

namespace {

// The directory's path, made ready for it: nothing there, its parent there.
std::string made_ready(const std::string& target) {
  std::filesystem::path path(target);
  if (!path.has_filename()) path = path.parent_path();  // "data/criteo/"
  CTR_CHECK(!std::filesystem::exists(path), "'{}' exists already; remove it or choose another name",
            target);
  if (path.has_parent_path()) make_directories(path.parent_path().string());
  return path.string();
}

}  // namespace

DatasetWriter::DatasetWriter(const std::string& target) : folder_(made_ready(target)) {}

void DatasetWriter::begin_rows(const Schema& schema) {
  schema_ = schema;
  for (size_t s = 0; s < writers_.size(); ++s)
    writers_[s] = std::make_unique<BlockWriter>(blocks_path(folder(), s), schema);
}

void DatasetWriter::add(Split split, const Columns& rows) {
  writers_[static_cast<size_t>(split)]->add(rows);
}

void DatasetWriter::commit(const std::string& origin, const std::string& note,
                           const std::map<std::string, double>& facts,
                           const GivenVectors& vectors) {
  Json splits = Json::object();
  for (size_t s = 0; s < writers_.size(); ++s) {
    writers_[s]->commit();
    splits[kSplitNames[s]] = writers_[s]->rows();
  }
  if (!vectors.empty()) write_safetensors(folder() + "/vectors.safetensors", vectors, {});
  Json json = {{"format", "ctrengine data"}, {"version", kVersion},
               {"origin", origin},           {"note", note},
               {"splits", splits},           {"facts", facts},
               {"schema", to_json(schema_)}};
  write_text_atomically(folder() + "/schema.json", json_text(json, 1) + "\n");
  folder_.commit();
}

}  // namespace ctr
