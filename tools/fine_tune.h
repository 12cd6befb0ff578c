#pragma once
// Training that begins with the weights of a finished run, and trains part of them.

#include <cstdint>
#include <string>
#include <vector>

#include "engine/options.h"
#include "tools/built_model.h"

namespace ctr {

// What became of a model's parameters, in tensors.
struct Inherited {
  int64_t taken = 0;
  std::vector<std::string> grown;  // of each domain: those of new ones begin fresh
  std::vector<std::string> fresh;  // are not in the run
  std::vector<std::string> left;   // of the run, but not of this model
};

// Copies the weights of the run into parameters of the same name. Throws kind data when the run's
// data had other fields or vocabularies (new domains may follow the old ones), a parameter of the
// same name another shape, or the run lacks one that stays frozen. Models that learn sequences
// (`info`, and the run's) need only the same sequences: what is told of them may be another.
Inherited begin_from(const std::string& run, const Dataset& data, const ModelInfo& info,
                     BuiltModel& built);

// Freezes all parameters but those whose names contain one of the texts; none: all are trained.
// Frozen ones are saved with the others. Throws kind usage, with the names there are, when a text
// is in no name.
void train_only(const NameList& texts, ParameterStore& store);

// Freezes those whose names contain one of the texts, and returns them. Throws as train_only.
std::vector<Parameter*> hold_back(const NameList& texts, ParameterStore& store);

}  // namespace ctr
