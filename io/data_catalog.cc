#include "io/data_catalog.h"

#include <cstdlib>
#include <filesystem>

#include "engine/check.h"
#include "engine/nearest.h"
#include "io/checksum.h"
#include "io/file.h"
#include "io/safetensors.h"
#include "io/simulated_taobao.h"

namespace ctr {
namespace {

constexpr uint64_t kSeed = 2024;
constexpr const char* kVersion = "1";  // of the generator: another version is made anew

std::map<std::string, Tensor> tensors_of(const Dataset& data) {
  std::map<std::string, Tensor> tensors;
  for (size_t split = 0; split < 3; ++split) {
    const Columns& columns = data.splits[split];
    const std::string prefix = std::string(kSplitNames[split]) + "/";
    for (size_t f = 0; f < columns.ids.size(); ++f) {
      tensors[prefix + "field/" + data.schema.fields[f].name] = columns.ids[f];
    }
    tensors[prefix + "label"] = columns.label;
    tensors[prefix + "domain"] = columns.domain;
  }
  for (const auto& [name, vectors] : data.vectors) tensors["vectors/" + name] = vectors;
  for (const auto& [name, value] : data.facts)
    tensors["fact/" + name] = Tensor::full({1}, DType::f64, value);
  return tensors;
}

std::string checksum_text(const std::map<std::string, Tensor>& tensors) {
  Checksum sum;
  for (const auto& [name, tensor] : tensors) {
    sum.update(name.data(), name.size());
    sum.update(tensor.raw(), static_cast<size_t>(tensor.bytes()));
  }
  return fmt::format("{:016x}", sum.value());
}

// Fills the columns from a cache file; false when it is not this version's or was damaged.
bool load(const std::string& path, Dataset& data) {
  TensorFile file = read_safetensors(path);
  if (file.metadata["version"] != kVersion ||
      file.metadata["checksum"] != checksum_text(file.tensors))
    return false;
  for (size_t split = 0; split < 3; ++split) {
    Columns& columns = data.splits[split];
    const std::string prefix = std::string(kSplitNames[split]) + "/";
    for (const Field& field : data.schema.fields)
      columns.ids.push_back(file.at(prefix + "field/" + field.name));
    columns.label = file.at(prefix + "label");
    columns.domain = file.at(prefix + "domain");
    columns.rows = columns.label.count();
  }
  for (const auto& [name, tensor] : file.tensors) {
    if (name.starts_with("vectors/")) data.vectors[name.substr(8)] = tensor;
    if (name.starts_with("fact/")) data.facts[name.substr(5)] = tensor.data<double>()[0];
  }
  return true;
}

}  // namespace

std::string cache_folder() {
  auto value = [](const char* name) -> std::string {
    const char* text = std::getenv(name);
    return text == nullptr ? "" : text;
  };
  if (std::string own = value("CTR_CACHE"); !own.empty()) return own;
  if (std::string xdg = value("XDG_CACHE_HOME"); !xdg.empty()) return xdg + "/ctrengine";
  if (std::string home = value("HOME"); !home.empty()) return home + "/.cache/ctrengine";
  return (std::filesystem::temp_directory_path() / "ctrengine").string();
}

const std::vector<std::string>& dataset_names() {
  static const std::vector<std::string> names{"taobao"};
  return names;
}

Dataset open_dataset(const std::string& name) {
  CTR_CHECK(name == "taobao", "unknown data set '{}'{}", name,
            advice_on_name(name, dataset_names()));
  const std::string path = cache_folder() + "/taobao-simulated.safetensors";
  if (std::filesystem::exists(path)) {
    try {
      Dataset cached = taobao_frame();
      if (load(path, cached)) return cached;
    } catch (const Error&) {  // unreadable: made anew below
    }
  }
  Dataset data = simulate_taobao(kSeed);
  try {
    make_directories(cache_folder());
    std::map<std::string, Tensor> tensors = tensors_of(data);
    write_safetensors(path, tensors, {{"version", kVersion}, {"checksum", checksum_text(tensors)}});
  } catch (const Error&) {  // a cache that cannot be written costs time, not correctness
  }
  return data;
}

}  // namespace ctr
