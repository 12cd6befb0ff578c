#pragma once
// What `ablate` takes from a model, or puts in its place: one table for each model, in
// variants.cc. A model is added by a table of its own.

#include <functional>
#include <string>
#include <vector>

#include "io/schema.h"
#include "models/options/options.h"

namespace ctr {

inline constexpr const char* kFullModel = "full";

struct Setting {
  std::string option;
  // As OptionList::set takes it. {user}, {item}, {domain} stand for the data's field of that role.
  std::string value;
};

// What a variant is judged by before it runs.
struct VariantContext {
  const Schema& schema;
  const ModelOptions& options;  // of the variant
};

struct Variant {
  std::string name;                    // "no-overparam"
  std::string group;                   // "re-parameterisation"
  std::string what;                    // one line
  std::vector<Setting> settings = {};  // over those of the full model
  // Why it would say nothing here, or nothing. Where the model cannot be built, its own error is
  // the reason.
  std::function<std::string(const VariantContext&)> unfit = [](const VariantContext&) {
    return std::string();
  };
  std::string method = {};  // of a variant on fewer rows: the one on all rows
  // The variant that it is compared with, itself for those that others are.
  std::string beside = kFullModel;
};

struct Ablation {
  std::string model;
  std::string full;                // what the full model is, one line
  std::vector<Setting> base = {};  // of the full model, over its preset
  std::vector<Variant> variants;
};

const std::vector<Ablation>& ablations();
// Throws kind usage, with the models that have a table and the nearest, where there is none.
const Ablation& find_ablation(const std::string& model);

// The value with the names of fields in the place of {roles}; `missing` gets the role of the first
// one that the data has not.
std::string with_fields(std::string value, const Schema& schema, std::string& missing);

}  // namespace ctr
