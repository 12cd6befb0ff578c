#pragma once
// The workloads of `bench`: a model on made-up batches of a given shape, one training step at a
// time.

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "models/model.h"
#include "ops/optim/optimizer.h"
#include "tools/config_file.h"

namespace ctr {

struct WorkloadOptions {
  std::string model = "deepfm";
  // criteo: `fields` trained tables; taobao-10: the main job's given vectors and conditions;
  // amazon: items and categories with histories of up to 50 that share their tables (Electronics);
  // sequence: an item and a sequence of `length` items, all of 50,000.
  std::string shape = "criteo";
  // Of the criteo shape: peer, the model's preset with layers of 400-400-400, as other engines are
  // compared with; criteo, ModelInfo::criteo; auto: peer for kCompared, criteo for others.
  std::string sizes = "auto";
  int64_t batch_size = 0;  // 0: 4096, 128 for sequence, 1024 for the other shapes
  int64_t fields = 39;
  int64_t vocabulary = 1'000'000;  // rows of all tables together
  int64_t length = 50;             // of the sequence shape
  int64_t domains = 10;  // of the criteo shape; read by models that learn something for each
  int64_t seed = 1;
  std::vector<ConfigEntry> model_options = {};  // of the model, over what shape and sizes set
};

// What the shape and the sizes make of a model's options: beyond its preset, on tables that are
// trained, APG's layers are self-wise with K = 32, and vectors are 16 wide (64 for the sequence
// shape) unless the model has a width of its own (ffm).
ModelOptions model_options_of(const WorkloadOptions& options);

// Models whose steps other engines are measured beside.
inline constexpr std::array<std::string_view, 5> kCompared = {"mlp", "deepfm", "dcnv2", "apg",
                                                              "mlora"};

class Workload {
 public:
  explicit Workload(const WorkloadOptions& options);

  // One step on the next of eight batches.
  void step();
  // Logits of the first `rows` rows of a batch; `fold` false: factors are multiplied out anew.
  void predict(int64_t rows, bool fold);
  int64_t batch_size() const { return options_.batch_size; }
  const WorkloadOptions& options() const { return options_; }
  const ModelOptions& model_options() const { return model_options_; }
  int64_t parameters() const { return store_.count_trainable(); }
  const ParameterStore& store() const { return store_; }

 private:
  Batch batch(uint64_t number, int64_t rows) const;

  WorkloadOptions options_;
  Schema schema_;
  GivenVectors vectors_;
  ModelOptions model_options_;
  ParameterStore store_;
  std::unique_ptr<Model> model_;
  Optimizer optimizer_;
  std::vector<Batch> batches_;
  size_t next_ = 0;
};

}  // namespace ctr
