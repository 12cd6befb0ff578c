#pragma once
// Options in JSON: what --config reads and what a run directory keeps.
//
//   {"model": "deepfm", "learning_rate": 0.002, "hidden_units": [256, 128]}
//   {"train": {"epochs": 5}, "model": {"hidden_units": [256, 128]}}
//
// Keys are the options' names (dashes may stand for underscores); sections group them and mean
// nothing. The configurations of MAMDR and MLoRA are read too (mamdr_config.h).

#include <string>
#include <vector>

#include "engine/options.h"
#include "io/json.h"

namespace ctr {

struct ConfigEntry {
  std::string name;   // of the option
  std::string text;   // as OptionList::set takes it
  std::string where;  // "run.json:4:3", the key's place
};

// The options of a file, or of DIRECTORY/config.json, in order. Throws kind data, beginning with
// FILE:LINE:COLUMN, on what is no JSON, on a value that is no option's (null, a list of lists), on
// a name set twice and on one that `known` has not, with the nearest that it has. `notes`, if
// given, takes what the user should know of a file of another program.
std::vector<ConfigEntry> read_config_file(const std::string& path, const OptionList& known,
                                          std::vector<std::string>* notes = nullptr);

// The same of options inside another JSON file; `where` stands for the keys' places.
std::vector<ConfigEntry> config_entries(const Json& json, const std::string& where,
                                        const OptionList& known);

// Present values: numbers, booleans, texts and lists.
Json to_json(const OptionList& options);

// The union, pointing at the same targets.
OptionList joined(const OptionList& first, const OptionList& second);

}  // namespace ctr
