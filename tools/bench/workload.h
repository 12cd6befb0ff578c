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

namespace ctr {

struct WorkloadOptions {
  std::string model = "deepfm";
  // criteo: `fields` trained tables; taobao-10: the main job's given vectors and conditions;
  // amazon: items and categories with histories of up to 50 that share their tables (Electronics).
  std::string shape = "criteo";
  // Of the criteo shape: peer, the model's preset with layers of 400-400-400, as other engines are
  // compared with; criteo, ModelInfo::criteo; auto: peer for kCompared, criteo for others.
  std::string sizes = "auto";
  int64_t batch_size = 0;  // 0: 4096, or 1024 for the other shapes
  int64_t fields = 39;
  int64_t embedding_dim = 0;        // of its tables; 0: the model's own (ffm), or 16
  int64_t vocabulary = 1'000'000;   // rows of all tables together
  IntList hidden_units = {};        // empty: as `sizes` says, or 256-128-64 for taobao-10
  EmbeddingOptions embedding = {};  // of the criteo shape
  int64_t rank_k = 32;              // APG, of the criteo shape
  int64_t overparam_p = 0;
  int64_t domains = 10;  // of the criteo shape; read by models that learn something for each
  int64_t seed = 1;
};

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
