#include "io/data_catalog.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "engine/check.h"
#include "engine/nearest.h"
#include "io/simulated_taobao.h"

namespace ctr {
namespace {

constexpr uint64_t kSeed = 2024;
constexpr const char* kTaobao = "taobao-simulated-2";  // the number: of the generator

// Opens a set of the cache and checks all of it.
Dataset checked(const std::string& path) {
  Dataset data = read_dataset(path);
  for (const auto& blocks : data.splits) {
    for (int64_t b = 0; b < blocks->blocks(); ++b) blocks->block(b);
  }
  return data;
}

// The simulated set under `folder`: made anew when it is missing or damaged.
Dataset simulated_taobao(const std::string& folder) {
  const std::string path = folder + "/" + kTaobao;
  if (std::filesystem::exists(path)) {
    try {
      return checked(path);
    } catch (const Error&) {
      std::error_code ignored;
      std::filesystem::remove_all(path, ignored);
    }
  }
  try {
    simulate_taobao(kSeed, path);
  } catch (const Error&) {
    if (!std::filesystem::exists(path)) throw;  // else another process was faster
  }
  return checked(path);
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
  if (name == "taobao") {
    try {
      return simulated_taobao(cache_folder());
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::io) throw;
      // A cache that cannot be written costs time, not correctness.
      const std::string user = "ctrengine-" + std::to_string(getuid());
      return simulated_taobao((std::filesystem::temp_directory_path() / user).string());
    }
  }
  if (std::filesystem::exists(name)) return read_dataset(name);
  CTR_CHECK(name.find('/') == std::string::npos,
            "there is no data set '{}'; `ctrengine prepare` makes one", name);
  fail(ErrorKind::usage, "unknown data set '{}'{}", name, advice_on_name(name, dataset_names()));
}

}  // namespace ctr
