#pragma once
// model.json beside a run's weights: what is needed to score raw rows without the data set.
//
//   model.json             schema with encodings, options, and XXH3 of the files beside it
//   model.safetensors      weights
//   vectors.safetensors    given vector tables, where there are any
//   vocabulary/NAME.tsv    tokens of the fields, where there are any
//   domains/3.safetensors  weights that score rows of domain 3, where domains have their own

#include <string>

#include "io/dataset.h"
#include "tools/built_model.h"
#include "tools/train_options.h"

namespace ctr {

// Names of weights within the run.
inline constexpr const char* kWeights = "model.safetensors";
std::string domain_file(int64_t domain);

// Writes the weights, those of domains in turn.
void write_weights(const std::string& run, BuiltModel& built, int64_t domains);

// Copies vectors and vocabularies of the data set into the run, then writes model.json. The weights
// must be there.
void write_model_file(const std::string& run, const Dataset& data, const TrainOptions& train,
                      const ModelOptions& model);

struct ModelFile {
  std::string path;  // of the run
  TrainOptions train;
  ModelOptions model;
  Schema schema;
  GivenVectors vectors;
  bool by_domain = false;  // there are weights of domains

  // Of a field whose ids come from one; the file may be missing.
  std::string vocabulary_path(const Field& field) const;
  // The model with its weights; it reads those of a domain when they are put into it.
  std::unique_ptr<BuiltModel> build() const;
};

// Throws kind io or data, naming the file, when a part is missing, damaged or of another version.
ModelFile read_model_file(const std::string& run);

}  // namespace ctr
