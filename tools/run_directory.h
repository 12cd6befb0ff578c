#pragma once
// A training run on disk:
//
//   config.json        all options
//   log.jsonl          steps, epochs and digests (tools/train_log.h)
//   metrics.csv        valid metrics by epoch
//   checkpoint/        to go on from (tools/checkpoint.h)
//   model.safetensors  the weights that it ended with, and model.json (tools/model_file.h)
//   domains/           weights of each domain, where they have their own
//   metrics.json       test metrics
//   nan.json           where a loss or gradient was not finite, if it was

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tools/checkpoint.h"
#include "tools/train_log.h"
#include "tools/trainer.h"

namespace ctr {

class RunDirectory {
 public:
  // Creates `path`; refuses one that already holds a run. Empty: a new one runs/<model>-<data>-<n>.
  static RunDirectory create(std::string path, const std::string& stem);
  // Opens one that holds a run, to go on with it.
  static RunDirectory open(const std::string& path);

  // The newest whole checkpoint, or nothing when training begins at step 0. Throws kind usage,
  // naming them, when options that alter the result are not those of the checkpoint, and kind data
  // when the data set is another one. `notes` gets a line for each checkpoint that was passed over.
  std::optional<TrainSnapshot> load(const Dataset& data, const TrainOptions& train,
                                    const ModelOptions& model, std::vector<std::string>& notes);

  // Writes the configuration and opens the logs: what stands in them beyond the checkpoint that
  // load() gave is cut off.
  void begin(const Dataset& data, const TrainOptions& train, const ModelOptions& model);
  // What training does to keep its logs, its checkpoints and nan.json here. Outlived by this.
  TrainEvents events(const TrainOptions& train);
  void finish(BuiltModel& built, const Dataset& data, const TrainOptions& train,
              const ModelOptions& model, const TrainReport& report) const;

  const std::string& path() const { return path_; }
  // Directory of the checkpoint last written; empty before the first.
  const std::string& saved() const { return saved_; }

 private:
  void save(const TrainSnapshot& snapshot);
  void write(const NonFinite& found) const;

  explicit RunDirectory(std::string path) : path_(std::move(path)) {}

  std::string path_;
  CheckpointNotes notes_;  // options and data of this run; sizes of the logs it begins with
  std::unique_ptr<TrainLog> log_;
  std::string saved_;
};

// Tells data sets apart by their schema and sizes.
std::string data_digest(const Dataset& data);

// What a finished run was trained with.
struct SavedRun {
  TrainOptions train;
  ModelOptions model;
};
// Throws with the file's name when something is missing or unknown.
SavedRun read_config(const std::string& run);

}  // namespace ctr
