#pragma once
// A training run on disk: config.json (resolved options), log.jsonl, metrics.json,
// model.safetensors.

#include <string>
#include <vector>

#include "tools/trainer.h"

namespace ctr {

class RunDirectory {
 public:
  // Creates `path`; refuses one that already holds a run. Empty: a new one runs/<model>-<data>-<n>.
  RunDirectory(std::string path, const std::string& stem);

  void write_config(const TrainOptions& train, const ModelOptions& model) const;
  void add(const EpochReport& report);
  void finish(BuiltModel& built, const TrainReport& report) const;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  std::string log_;
};

// What `evaluate` needs of a finished run.
struct SavedRun {
  TrainOptions train;
  ModelOptions model;
};
// Throws with the file's name when something is missing or unknown.
SavedRun read_config(const std::string& run);
void load_weights(const std::string& run, ParameterStore& store);

}  // namespace ctr
