#include "tools/sweep/axis.h"

#include <algorithm>
#include <cctype>
#include <filesystem>

#include "engine/check.h"
#include "engine/nearest.h"

namespace ctr {
namespace {

std::vector<std::string> parts(const std::string& text, char separator) {
  std::vector<std::string> result(1);
  for (char c : text) {
    if (c == separator)
      result.emplace_back();
    else
      result.back() += c;
  }
  return result;
}

// Letters, digits and what no file system or shell minds.
std::string label_of(const std::string& text) {
  std::string label;
  for (char c : text) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '+';
    label += plain ? c : '-';
  }
  return label.empty() ? "none" : label;
}

void check_distinct(const Axis& axis, const std::string& where) {
  for (size_t i = 0; i < axis.values.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      const AxisValue &a = axis.values[j], &b = axis.values[i];
      CTR_CHECK(a.text != b.text, "{}: {} has the value '{}' twice; remove one", where,
                dashed(axis.option), a.text);
      CTR_CHECK(a.label != b.label,
                "{}: the values '{}' and '{}' of {} would both be called '{}'; rename one", where,
                a.text, b.text, dashed(axis.option), a.label);
    }
  }
}

}  // namespace

std::string path_label(const std::string& path) {
  const std::filesystem::path whole = std::filesystem::path(path).lexically_normal();
  return label_of((whole.has_filename() ? whole : whole.parent_path()).filename().string());
}

Axis option_axis(const std::string& option, const std::vector<std::string>& values,
                 OptionList& scratch, const std::string& where) {
  Axis axis{option, {}};
  CTR_CHECK(!values.empty(), "{}: {} has no value", where, dashed(option));
  for (const std::string& value : values) {
    scratch.set(option, value, where);
    const std::string text = OptionList::text_of(*scratch.find(option));
    axis.values.push_back({text, option == "data" ? path_label(text) : label_of(text)});
  }
  check_distinct(axis, where);
  return axis;
}

Axis option_axis(const std::string& grid, OptionList& scratch) {
  const std::string where = "sweep: --grid";
  const size_t equals = grid.find('=');
  CTR_CHECK(equals != std::string::npos && equals > 0 && equals + 1 < grid.size(),
            "{}: expected OPTION=VALUE,VALUE…, got '{}'; for instance learning-rate=1e-3,5e-4",
            where, grid);
  std::string name = grid.substr(0, equals);
  name.erase(0, name.find_first_not_of('-'));
  std::replace(name.begin(), name.end(), '-', '_');
  CTR_CHECK(name != "seed" && name != "seeds", "{}: seeds have an option of their own: --seeds {}",
            where, grid.substr(equals + 1));
  const Option* option = scratch.find(name);
  if (option == nullptr) {
    std::vector<std::string> names;
    for (const Option& known : scratch.all()) names.push_back(dashed(known.name));
    const std::string given = dashed(name);
    fail(ErrorKind::usage, "{}: unknown option '{}'{}", where, given, advice_on_name(given, names));
  }
  const bool list = std::holds_alternative<IntList*>(option->target) ||
                    std::holds_alternative<NameList*>(option->target);
  return option_axis(name, parts(grid.substr(equals + 1), list ? '/' : ','), scratch, where);
}

Axis config_axis(const std::vector<std::string>& paths) {
  Axis axis{kConfigAxis, {}};
  for (const std::string& path : paths) {
    std::string label = path_label(path);
    if (label.ends_with(".json")) label.resize(label.size() - 5);
    axis.values.push_back({path, label});
  }
  check_distinct(axis, "sweep: --configs");
  return axis;
}

}  // namespace ctr
