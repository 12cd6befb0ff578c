#pragma once
// One thing that a sweep varies: an option with its values, or configuration files.

#include <string>
#include <vector>

#include "engine/options.h"

namespace ctr {

struct AxisValue {
  std::string text;         // as OptionList::set takes it, in one spelling: "0.001" for 1e-3
  std::string label;        // of the run's directory
  std::string digest = {};  // of what a name stands for: a configuration file, a variant's settings
};

struct Axis {
  std::string option;  // "learning_rate"; kConfigAxis
  std::vector<AxisValue> values;
};

inline constexpr const char* kConfigAxis = "config";

// Of "learning-rate=1e-3,5e-4"; values of an option that is itself a list stand between slashes:
// "hidden-units=256,128/400,400,400". `scratch` knows the options, and its targets are written to.
// Throws kind usage on an unknown name, with the nearest, on a value that the option does not take,
// and on one that stands twice.
Axis option_axis(const std::string& grid, OptionList& scratch);
// The same from values by themselves; `where` begins the messages.
Axis option_axis(const std::string& option, const std::vector<std::string>& values,
                 OptionList& scratch, const std::string& where);
// Of files or run directories; their labels are the files' names without ".json".
Axis config_axis(const std::vector<std::string>& paths);

// The label of a path: its last part. One data set has one label, however its path is spelt.
std::string path_label(const std::string& path);

}  // namespace ctr
