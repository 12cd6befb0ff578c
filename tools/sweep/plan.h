#pragma once
// The runs of a sweep: the product of its axes and seeds.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "models/options/options.h"
#include "tools/config_file.h"
#include "tools/sweep/axis.h"
#include "tools/train_options.h"

namespace ctr {

// What the command line asks for.
struct SweepRequest {
  NameList models;   // empty: those of the configurations, or train's default
  NameList configs;  // files as --config takes them
  NameList grids;    // "learning-rate=1e-3,5e-4"
  IntList seeds = {1};
  std::vector<ConfigEntry> fixed;  // options of train that hold for every run
};

struct PlannedRun {
  std::string name;                 // of its directory: "model=lr_learning-rate=0.001_seed=1"
  size_t combination = 0;           // runs that differ in the seed alone share it
  std::vector<std::string> values;  // by axis
  TrainOptions train;
  ModelOptions model;
};

struct SweepPlan {
  std::string verb = "sweep", noun = "sweep";  // what messages begin with and call it
  std::vector<Axis> axes;
  IntList seeds;
  std::map<std::string, std::string> fixed;  // options that hold for every run, as text
  std::vector<PlannedRun> runs;  // all combinations with the first seed, then with the next

  size_t combinations() const { return seeds.empty() ? 0 : runs.size() / seeds.size(); }
};

// In each run, the command line's fixed options stand over those of its configuration file, and its
// place in the grid over both. Throws kind usage, naming the option, on an unknown name, a value
// out of bounds, an option that is both fixed and varied; kind data on a mistake in a file.
SweepPlan plan_sweep(const SweepRequest& request);

// Of the options given to a verb that plans runs, those that hold for each: train's and the
// models', but for the model itself, which the verb takes.
std::vector<ConfigEntry> options_of_every_run(const std::vector<ConfigEntry>& given);

// The seeds as they are. Throws kind usage where there is none, or one twice.
IntList checked_seeds(const IntList& seeds, const std::string& verb);

}  // namespace ctr
