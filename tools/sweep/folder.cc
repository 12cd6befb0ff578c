#include "tools/sweep/folder.h"

#include <algorithm>
#include <array>
#include <filesystem>

#include <nlohmann/json.hpp>

#include "engine/check.h"
#include "io/file.h"
#include "io/json.h"
#include "io/schema_json.h"

namespace ctr {
namespace {

using Texts = std::map<std::string, std::string>;

constexpr const char* kFormat = "ctrengine sweep 1";

// Options that change no result.
bool may_differ(const std::string& option) {
  constexpr std::array kFree = {"workers", "log_steps", "digest_steps", "checkpoint_steps"};
  return std::find(kFree.begin(), kFree.end(), option) != kFree.end();
}

struct Identity {
  std::vector<std::string> axes;
  Texts fixed, configs, data;  // configs, data: digests by label or name
};

Identity identity_of(const SweepPlan& plan, const Texts& data) {
  Identity identity{{}, plan.fixed, {}, data};
  if (auto found = identity.fixed.find("data"); found != identity.fixed.end())
    found->second = path_label(found->second);
  for (const Axis& axis : plan.axes) {
    identity.axes.push_back(axis.option);
    for (const AxisValue& value : axis.values)
      if (!value.digest.empty()) identity.configs[value.label] = value.digest;
  }
  return identity;
}

Json to_json(const Identity& identity) {
  return {{"format", kFormat},
          {"axes", identity.axes},
          {"fixed", identity.fixed},
          {"configs", identity.configs},
          {"data", identity.data}};
}

Identity read_identity(const std::string& path) {
  try {
    const Json json = read_json(path);
    CTR_CHECK_DATA(json.at("format") == kFormat, "{}: expected the format '{}', found {}", path,
                   kFormat, json_text(json.at("format")));
    return {json.at("axes").get<std::vector<std::string>>(), json.at("fixed").get<Texts>(),
            json.at("configs").get<Texts>(), json.at("data").get<Texts>()};
  } catch (const nlohmann::json::exception& error) {
    fail(ErrorKind::data, "{}: not the description of a sweep: {}", path, error.what());
  }
}

std::string text_in(const Texts& texts, const std::string& name) {
  const auto found = texts.find(name);
  return found == texts.end() ? "not given" : found->second;
}

std::string joined_names(const std::vector<std::string>& options) {
  std::string text;
  for (const std::string& option : options) text.append(text.empty() ? "" : ",").append(option);
  return text.empty() ? "nothing" : text;
}

std::vector<std::string> differences(const Identity& was, const Identity& is) {
  std::vector<std::string> lines;
  if (was.axes != is.axes)
    lines.push_back(fmt::format("it varies {}, this command {}", joined_names(was.axes),
                                joined_names(is.axes)));
  Texts all = was.fixed;
  all.insert(is.fixed.begin(), is.fixed.end());
  for (const auto& [option, value] : all) {
    const std::string before = text_in(was.fixed, option), now = text_in(is.fixed, option);
    if (before != now && !may_differ(option))
      lines.push_back(fmt::format("{} (was {}, is {})", option, before, now));
  }
  for (const auto& [label, checksum] : is.configs) {
    const auto before = was.configs.find(label);
    if (before != was.configs.end() && before->second != checksum)
      lines.push_back(fmt::format("the configuration '{}' was changed since", label));
  }
  for (const auto& [name, digest] : is.data) {
    const auto before = was.data.find(name);
    if (before != was.data.end() && before->second != digest)
      lines.push_back(fmt::format("the data set '{}' has another schema or other rows", name));
  }
  return lines;
}

// The directory, made where it is missing.
std::string made(std::string path, const std::string& verb) {
  namespace fs = std::filesystem;
  if (fs::exists(path)) {
    CTR_CHECK(fs::is_directory(path), "{}: '{}' is no directory; choose another --out", verb, path);
    CTR_CHECK(fs::exists(path + "/sweep.json") || fs::exists(path + "/lock") || fs::is_empty(path),
              "{}: '{}' holds other files and no sweep; choose another --out", verb, path);
  }
  make_directories(path);
  return path;
}

}  // namespace

SweepFolder::SweepFolder(std::string path, const SweepPlan& plan, const Texts& data)
    : path_(made(std::move(path), plan.verb)),
      lock_(path_ + "/lock", fmt::format("{}: another process works on '{}'", plan.verb, path_)) {
  const std::string file = path_ + "/sweep.json";
  Identity identity = identity_of(plan, data);
  if (std::filesystem::exists(file)) {
    const Identity was = read_identity(file);
    const std::vector<std::string> lines = differences(was, identity);
    CTR_CHECK(lines.empty(),
              "{}: '{}' belongs to another {}: {}; give the options that it began with, or "
              "choose another --out",
              plan.verb, path_, plan.noun, fmt::join(lines, "; "));
    identity.configs.insert(was.configs.begin(), was.configs.end());
    identity.data.insert(was.data.begin(), was.data.end());
  }
  write_text_atomically(file, json_text(to_json(identity), 2) + "\n");
}

}  // namespace ctr
