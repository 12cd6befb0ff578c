#include "io/data_catalog.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <functional>

#include "engine/check.h"
#include "engine/nearest.h"
#include "io/planted_lora.h"
#include "io/position_bias.h"
#include "io/shared_users.h"
#include "io/simulated_taobao.h"

namespace ctr {
namespace {

// A data set that is made when it is first used. The number in its version is its generator's.
struct BuiltIn {
  std::string version;
  OptionList options;
  std::function<void(const std::string& target)> make;
};

BuiltIn taobao() {
  constexpr uint64_t kSeed = 2024;
  return {"taobao-simulated-2", {}, [](const std::string& path) { simulate_taobao(kSeed, path); }};
}

BuiltIn planted_lora() {
  auto options = std::make_shared<PlantedLoraOptions>();
  return {"planted-lora-1", options->list(),
          [options](const std::string& path) { simulate_planted_lora(*options, path); }};
}

BuiltIn position_bias() {
  auto options = std::make_shared<PositionBiasOptions>();
  return {"position-bias-1", options->list(),
          [options](const std::string& path) { simulate_position_bias(*options, path); }};
}

BuiltIn shared_users(void (*make)(const SharedUsersOptions&, const std::string&),
                     const std::string& version) {
  auto options = std::make_shared<SharedUsersOptions>();
  return {version, options->list(),
          [options, make](const std::string& path) { make(*options, path); }};
}

BuiltIn shared_users_source() {
  return shared_users(simulate_shared_users_source, "shared-users-source-1");
}
BuiltIn shared_users_target() {
  return shared_users(simulate_shared_users_target, "shared-users-target-1");
}

struct NamedBuiltIn {
  std::string name;
  BuiltIn (*make)();
};
const NamedBuiltIn kBuiltIns[] = {{"taobao", taobao},
                                  {"planted-lora", planted_lora},
                                  {"position-bias", position_bias},
                                  {"shared-users-source", shared_users_source},
                                  {"shared-users-target", shared_users_target}};

BuiltIn find_built_in(const std::string& name) {
  const auto* found = std::find_if(std::begin(kBuiltIns), std::end(kBuiltIns),
                                   [&name](const NamedBuiltIn& one) { return one.name == name; });
  CTR_ASSERT(found != std::end(kBuiltIns));
  return found->make();
}

// "NAME:option=value:…" → the set, its options set, and the folder's name: it tells options apart.
BuiltIn built_in(const std::string& text, std::string& folder) {
  size_t end = std::min(text.find(':'), text.size());
  BuiltIn set = find_built_in(text.substr(0, end));
  while (end < text.size()) {
    const size_t begin = end + 1;
    end = std::min(text.find(':', begin), text.size());
    const std::string part = text.substr(begin, end - begin);
    const size_t equals = part.find('=');
    CTR_CHECK(equals != std::string::npos, "data set '{}': expected option=value, got '{}'", text,
              part);
    set.options.set(part.substr(0, equals), part.substr(equals + 1),
                    fmt::format("data set '{}'", text));
  }
  folder = set.version;
  const BuiltIn defaults = find_built_in(text.substr(0, text.find(':')));
  for (size_t i = 0; i < set.options.all().size(); ++i) {
    const Option& option = set.options.all()[i];
    const std::string value = OptionList::text_of(option);
    if (value != OptionList::text_of(defaults.options.all()[i]))
      folder.append("-").append(option.name).append("=").append(value);
  }
  return set;
}

bool is_built_in(const std::string& text) {
  const std::vector<std::string>& names = dataset_names();
  return std::find(names.begin(), names.end(), text.substr(0, text.find(':'))) != names.end();
}

// Opens a set of the cache and checks all of it.
Dataset checked(const std::string& path) {
  Dataset data = read_dataset(path);
  for (const auto& blocks : data.splits) {
    for (int64_t b = 0; b < blocks->blocks(); ++b) blocks->block(b);
  }
  return data;
}

// The set under `folder`: made anew when it is missing or damaged.
Dataset cached(const std::string& text, const std::string& folder) {
  std::string name;
  const BuiltIn set = built_in(text, name);
  const std::string path = folder + "/" + name;
  if (std::filesystem::exists(path)) {
    try {
      return checked(path);
    } catch (const Error&) {
      std::error_code ignored;
      std::filesystem::remove_all(path, ignored);
    }
  }
  try {
    set.make(path);
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
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const NamedBuiltIn& one : kBuiltIns) all.push_back(one.name);
    return all;
  }();
  return names;
}

Dataset open_dataset(const std::string& name) {
  if (is_built_in(name)) {
    try {
      return cached(name, cache_folder());
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::io) throw;
      // A cache that cannot be written costs time, not correctness.
      const std::string user = "ctrengine-" + std::to_string(getuid());
      return cached(name, (std::filesystem::temp_directory_path() / user).string());
    }
  }
  if (std::filesystem::exists(name)) return read_dataset(name);
  CTR_CHECK(name.find('/') == std::string::npos,
            "there is no data set '{}'; `ctrengine prepare` makes one", name);
  fail(ErrorKind::usage, "unknown data set '{}'{}", name, advice_on_name(name, dataset_names()));
}

}  // namespace ctr
