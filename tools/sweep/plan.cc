#include "tools/sweep/plan.h"

#include <algorithm>
#include <filesystem>

#include "engine/check.h"
#include "io/checksum.h"
#include "models/model.h"
#include "tools/presets.h"

namespace ctr {
namespace {

constexpr size_t kLongestName = 180;  // of a directory; file systems take 255 bytes

std::vector<Axis> axes_of(const SweepRequest& request) {
  TrainOptions train;
  ModelOptions model;
  OptionList scratch = joined(train.list(), model.list());
  std::vector<Axis> axes;
  if (!request.configs.empty()) axes.push_back(config_axis(request.configs));
  if (!request.models.empty())
    axes.push_back(option_axis("model", request.models, scratch, "sweep: --model"));
  for (const std::string& grid : request.grids) axes.push_back(option_axis(grid, scratch));
  for (size_t i = 0; i < axes.size(); ++i) {
    const std::string& option = axes[i].option;
    for (size_t j = 0; j < i; ++j)
      CTR_CHECK(axes[j].option != option, "sweep: {} is varied twice; name all its values in one",
                dashed(option));
    for (const ConfigEntry& entry : request.fixed)
      CTR_CHECK(entry.name != option,
                "sweep: {} is both fixed and varied; leave --{} out, or put it into --grid alone",
                dashed(option), dashed(option));
  }
  return axes;
}

std::string digest_of_config(const std::string& path) {
  const bool directory = std::filesystem::is_directory(path);
  return checksum_text(file_checksum(directory ? path + "/config.json" : path));
}

std::string name_of(const SweepPlan& plan, const std::vector<size_t>& at, int64_t seed) {
  std::string name;
  for (size_t a = 0; a < plan.axes.size(); ++a) {
    name += dashed(plan.axes[a].option);
    name.append("=").append(plan.axes[a].values[at[a]].label).append("_");
  }
  const std::string tail = fmt::format("seed={}", seed);
  if (name.size() + tail.size() > kLongestName) {
    const std::string checksum = checksum_text(checksum_of(name));
    name.resize(kLongestName - tail.size() - checksum.size() - 1);
    name.append(checksum).append("_");
  }
  return name + tail;
}

// Entries in order: the configuration file's, the fixed ones, the place in the grid.
PlannedRun planned(const SweepPlan& plan, const SweepRequest& request,
                   const std::vector<std::vector<ConfigEntry>>& files,
                   const std::vector<size_t>& at, int64_t seed) {
  PlannedRun run;
  std::vector<ConfigEntry> entries, varied;
  for (size_t a = 0; a < plan.axes.size(); ++a) {
    const Axis& axis = plan.axes[a];
    run.values.push_back(axis.values[at[a]].text);
    if (axis.option == kConfigAxis)
      entries = files[at[a]];
    else
      varied.push_back({axis.option, run.values.back(), "sweep: --grid"});
  }
  entries.insert(entries.end(), request.fixed.begin(), request.fixed.end());
  entries.insert(entries.end(), varied.begin(), varied.end());
  entries.push_back({"seed", std::to_string(seed), "sweep: --seeds"});
  OptionList options = joined(run.train.list(), run.model.list());
  set_in_order(options, entries,
               [&run](const std::string& model) { find_model(model).preset(run.model); });
  run.name = name_of(plan, at, seed);
  return run;
}

}  // namespace

std::vector<ConfigEntry> options_of_every_run(const std::vector<ConfigEntry>& given) {
  TrainOptions train;
  ModelOptions model;
  const OptionList known = joined(train.list(), model.list());
  std::vector<ConfigEntry> result;
  for (const ConfigEntry& entry : given)
    if (entry.name != "model" && known.find(entry.name) != nullptr) result.push_back(entry);
  return result;
}

IntList checked_seeds(const IntList& seeds, const std::string& verb) {
  CTR_CHECK(!seeds.empty(), "{}: --seeds has no value", verb);
  for (size_t i = 0; i < seeds.size(); ++i)
    CTR_CHECK(std::find(seeds.begin(), seeds.begin() + static_cast<int64_t>(i), seeds[i]) ==
                  seeds.begin() + static_cast<int64_t>(i),
              "{}: --seeds has {} twice; remove one", verb, seeds[i]);
  return seeds;
}

SweepPlan plan_sweep(const SweepRequest& request) {
  SweepPlan plan;
  plan.axes = axes_of(request);
  plan.seeds = checked_seeds(request.seeds, plan.verb);
  TrainOptions train;
  ModelOptions model;
  OptionList known = joined(train.list(), model.list());
  for (const ConfigEntry& entry : request.fixed) {
    known.set(entry.name, entry.text, entry.where);
    plan.fixed[entry.name] = OptionList::text_of(*known.find(entry.name));
  }
  std::vector<std::vector<ConfigEntry>> files;
  for (size_t i = 0; i < request.configs.size(); ++i) {
    files.push_back(read_config_file(request.configs[i], known));
    plan.axes.front().values[i].digest = digest_of_config(request.configs[i]);
  }
  for (int64_t seed : plan.seeds) {
    std::vector<size_t> at(plan.axes.size(), 0);  // the last axis moves first
    for (size_t combination = 0;; ++combination) {
      plan.runs.push_back(planned(plan, request, files, at, seed));
      plan.runs.back().combination = combination;
      size_t a = at.size();
      while (a > 0 && ++at[a - 1] == plan.axes[a - 1].values.size()) at[--a] = 0;
      if (a == 0) break;
    }
  }
  return plan;
}

}  // namespace ctr
