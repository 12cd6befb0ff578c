#pragma once
// Checkpoints of a run, each a directory that is whole or not there:
//
//   RUN/checkpoint/step-120/model.safetensors       weights
//   RUN/checkpoint/step-120/optimizer.safetensors   state of the optimizer
//   RUN/checkpoint/step-120/strategy.safetensors    what --strategy keeps, where it keeps anything
//   RUN/checkpoint/step-120/state.json              the rest, with XXH3 of these and of itself
//   RUN/checkpoint/latest                           "step-120"
//
// The last two stay, and those that hold the best weights of either.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tools/train_state.h"

namespace ctr {

// What a checkpoint keeps of the run around it.
struct CheckpointNotes {
  std::string options;        // all options, as JSON
  std::string data;           // digest of the data set
  int64_t log_bytes = 0;      // of log.jsonl when it was taken
  int64_t metrics_bytes = 0;  // of metrics.csv
};

struct Checkpoint {
  TrainSnapshot snapshot;
  CheckpointNotes notes;
  std::string path;
};

class CheckpointFolder {
 public:
  explicit CheckpointFolder(const std::string& run) : path_(run + "/checkpoint") {}

  // Writes one, makes it the latest and removes those that are no longer needed. A checkpoint of
  // the same step is replaced. Returns its directory.
  std::string save(const TrainSnapshot& snapshot, const CheckpointNotes& notes) const;

  // The newest that is whole; nothing when there is none at all. Each one that is not is described
  // in `damaged`, a line each. Throws kind data when none of those there is whole.
  std::optional<Checkpoint> load(std::vector<std::string>& damaged) const;

 private:
  std::vector<int64_t> steps() const;  // of the checkpoints that are there, newest first
  std::string directory(int64_t step) const;
  Checkpoint read(int64_t step) const;
  void prune() const;

  std::string path_;
};

}  // namespace ctr
