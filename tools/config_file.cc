#include "tools/config_file.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <type_traits>

#include <nlohmann/json.hpp>

#include "engine/check.h"
#include "engine/nearest.h"
#include "io/file.h"
#include "io/json.h"
#include "io/schema_json.h"
#include "tools/mamdr_config.h"

namespace ctr {
namespace {

constexpr std::array kSections = {"train", "model"};

class ConfigReader {
 public:
  // `text` is that of the file, to find places in.
  ConfigReader(std::string path, std::string text, const OptionList& known)
      : path_(std::move(path)), text_(std::move(text)), known_(known) {}

  // Of a file of another program: what it does not set, and what is done otherwise.
  const std::vector<std::string>& notes() const { return notes_; }

  std::vector<ConfigEntry> read(const Json& json) {
    CTR_CHECK_DATA(json.is_object(), "{}: expected an object of options, found {}", path_,
                   json.type_name());
    if (is_mamdr_config(json)) {
      read(read_mamdr_config(json, path_));
      return std::move(entries_);
    }
    for (const auto& [key, value] : json.items()) {
      if (value.is_object()) {
        check_section(key);
        for (const auto& [name, inner] : value.items()) add(name, inner);
      } else {
        add(key, value);
      }
    }
    return std::move(entries_);
  }

 private:
  void read(const MamdrConfig& config) {
    for (const MamdrSetting& setting : config.settings)
      entries_.push_back({setting.name, setting.text, place_of(setting.key)});
    for (const std::string& note : config.notes)
      notes_.push_back(fmt::format("{}: {}", path_, note));
    if (!config.unused.empty())
      notes_.push_back(fmt::format("{}: not used here: {}", path_, fmt::join(config.unused, ", ")));
  }

  // The place of `"key":` in the text. JSON texts rarely hold it in a value as well.
  std::string place_of(const std::string& key) const {
    const std::string quoted = fmt::format("\"{}\"", key);
    for (size_t at = text_.find(quoted); at != std::string::npos; at = text_.find(quoted, at + 1)) {
      const size_t after = text_.find_first_not_of(" \t\r\n", at + quoted.size());
      if (after == std::string::npos || text_[after] != ':') continue;
      const auto line = std::count(text_.begin(), text_.begin() + static_cast<int64_t>(at), '\n');
      const size_t newline = at == 0 ? std::string::npos : text_.rfind('\n', at - 1);
      return fmt::format("{}:{}:{}", path_, line + 1,
                         newline == std::string::npos ? at + 1 : at - newline);
    }
    return path_;
  }

  void check_section(const std::string& key) const {
    const std::vector<std::string> known(kSections.begin(), kSections.end());
    CTR_CHECK_DATA(std::find(known.begin(), known.end(), key) != known.end(),
                   "{}: unknown section '{}'{}", place_of(key), key, advice_on_name(key, known));
  }

  void add(const std::string& key, const Json& value) {
    std::string name = key;
    std::replace(name.begin(), name.end(), '-', '_');
    const std::string where = place_of(key);
    std::vector<std::string> names;
    for (const Option& option : known_.all()) names.push_back(option.name);
    CTR_CHECK_DATA(known_.find(name) != nullptr, "{}: unknown option '{}'{}", where, key,
                   advice_on_name(name, names));
    for (const ConfigEntry& entry : entries_)
      CTR_CHECK_DATA(entry.name != name, "{}: '{}' is set twice; remove one", where, key);
    entries_.push_back({name, text_of(value, key, where), where});
  }

  static std::string text_of(const Json& value, const std::string& key, const std::string& where) {
    if (value.is_string()) return value.get<std::string>();
    if (value.is_boolean() || value.is_number()) return json_text(value);
    CTR_CHECK_DATA(value.is_array(),
                   "{}: '{}' must be a number, true, false, a text or a list, found {}", where, key,
                   value.type_name());
    std::string text;
    for (const Json& element : value) {
      CTR_CHECK_DATA(element.is_string() || element.is_number(),
                     "{}: the list '{}' must hold numbers or texts, found {}", where, key,
                     element.type_name());
      if (!text.empty()) text += ',';
      text += text_of(element, key, where);
    }
    return text;
  }

  std::string path_;
  std::string text_;
  const OptionList& known_;
  std::vector<ConfigEntry> entries_;
  std::vector<std::string> notes_;
};

}  // namespace

std::vector<ConfigEntry> read_config_file(const std::string& path, const OptionList& known,
                                          std::vector<std::string>* notes) {
  const bool directory = std::filesystem::is_directory(path);
  const std::string file = directory ? path + "/config.json" : path;
  ConfigReader reader(file, read_text(file), known);
  std::vector<ConfigEntry> entries = reader.read(read_json(file));
  if (notes != nullptr) *notes = reader.notes();
  return entries;
}

std::vector<ConfigEntry> config_entries(const Json& json, const std::string& where,
                                        const OptionList& known) {
  return ConfigReader(where, "", known).read(json);
}

Json to_json(const OptionList& options) {
  Json json = Json::object();
  for (const Option& option : options.all())
    std::visit([&](const auto* value) { json[option.name] = *value; }, option.target);
  return json;
}

OptionList joined(const OptionList& first, const OptionList& second) {
  OptionList result = first;
  for (const Option& option : second.all()) result.add(option);
  return result;
}

}  // namespace ctr
