#pragma once
// A finished run, ready to score rows; and other data sets that it may score.

#include <memory>
#include <string>
#include <vector>

#include "io/dataset.h"
#include "tools/model_file.h"

namespace ctr {

struct LoadedRun {
  ModelFile file;
  Dataset data;  // that the model was trained on
  std::unique_ptr<BuiltModel> built;
};

// Throws kind io or data, naming the file, when a part is missing or does not fit the others.
LoadedRun load_run(const std::string& path);

// Why rows of `other` do not mean to a model what rows of `trained` mean, a line each: fields,
// types, table sizes, encodings, labels and vocabularies that differ. Empty when they agree.
std::vector<std::string> differences(const Dataset& trained, const Dataset& other);

// The data set called or at `name`, or the run's own when `name` is empty. Throws kind data, naming
// all differences, when the model cannot score it.
Dataset open_for(const LoadedRun& run, const std::string& name);

// "train", "valid" or "test".
Split split_named(const std::string& name);

}  // namespace ctr
