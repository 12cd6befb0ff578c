#pragma once
// A model: named parameters and a logit. Adding one: its file, one line in models/CMakeLists.txt
// (docs/add-a-model.md).

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "autograd/tape.h"
#include "io/batch.h"
#include "io/schema.h"
#include "models/item_ranking.h"
#include "models/options/options.h"
#include "models/peer.h"

namespace ctr {

class SequenceStream;

// What a model predicts of one task, and what that is judged by.
struct Prediction {
  std::string name;     // of the task; may be empty where there is but one
  Tensor probability;   // f64 [B]
  Tensor label;         // [B]: what happened
  Tensor counted = {};  // i64 [B]: 0 in rows that the task is not judged on; undefined: all count
};

class Model {
 public:
  virtual ~Model() = default;
  // Log-odds of a click, or of the first of several tasks → [B, 1].
  virtual Var logit(const Batch& batch) const = 0;
  // Of each task, in the order of the schema's labels → [B, 1] each.
  virtual std::vector<Var> logits(const Batch& batch) const { return {logit(batch)}; }
  // The loss of each task → [1] each, from the logits of the same batch: the binary cross-entropy
  // of its label, meaned over the batch.
  virtual std::vector<Var> losses(std::span<const Var> logits, const Batch& batch) const;
  // What training descends → [1] each: the losses of the batch's logits. Models that learn from
  // more than what they predict override it.
  virtual std::vector<Var> training_losses(const Batch& batch) const;
  // From the same: the tasks' probabilities, those of the logits first.
  virtual std::vector<Prediction> predictions(std::span<const Var> logits,
                                              const Batch& batch) const;
  // What models that score every item score them by, for the rows of a batch.
  virtual ItemVectors item_vectors(const Batch&) const { return {}; }
  // Whether it learns from rows' labels alone, and so needs clicks and others.
  virtual bool needs_both_labels() const { return !counts(); }
  // Sequences of so many users, all empty, that go on item by item (models/sequence_stream.h); null
  // where a model has no such way. Throws where it has, but not with its options.
  virtual std::unique_ptr<SequenceStream> stream(int64_t users) const;
  // Models that learn sequences an item at a time: the batches of one place each, with `next` and
  // `begins`, by which these rows are learnt in turn; empty: they are learnt whole.
  virtual std::vector<Batch> place_by_place(const Batch&) const { return {}; }
  virtual bool learns_by_place() const { return false; }
  // Models that count instead of descending a gradient see each training batch once.
  virtual bool counts() const { return false; }
  virtual void observe(const Batch&) {}
};

// Σ_t w_t L_t, which training descends; no weights: 1 each. Throws unless there is a weight for
// each loss.
Var weighted_sum(std::span<const Var> losses, std::span<const double> weights);
// The same of a batch.
Var loss_of(const Model& model, const Batch& batch, std::span<const double> weights = {});

// What a model is built from.
struct ModelContext {
  const Schema& schema;
  const GivenVectors& vectors;
  const ModelOptions& options;
};

// Settings beyond a model's preset under which it is checked.
struct ModelVariant {
  std::string name;  // "low rank"
  std::function<void(ModelOptions&)> change;
};

struct ModelInfo {
  static void unchanged(ModelOptions&) {}

  std::string name;
  std::string title;
  std::string paper;
  std::function<std::unique_ptr<Model>(const Scope&, const ModelContext&)> make;
  // Defaults of this model.
  std::function<void(ModelOptions&)> preset = unchanged;
  // The sizes that were tuned for Criteo (BARS, Criteo_x4_001), beyond d = 16: what `bench` runs.
  std::function<void(ModelOptions&)> criteo = unchanged;
  // For checks: smaller sizes than the preset's, where it sets any beside hidden_units; and
  // variants of what that gives.
  std::function<void(ModelOptions&)> shrink = unchanged;
  std::vector<ModelVariant> variants = {};
  PeerNames peer = {};
  // Other classes of the peer that are this model with other settings.
  std::vector<PeerNames> other_peers = {};
  // Built only from data with a sequence that shares the table of the item field.
  bool needs_sequences = false;
  // Learns what follows in a sequence: it is checked on sequences whose items can be told apart.
  bool learns_sequences = false;
  // Labels of the data that it is checked and measured on; a model of one task reads the first.
  int64_t labels = 1;
};

// All models, in the order of models/CMakeLists.txt; and the one called `name`, or an error with
// the nearest name.
const std::vector<ModelInfo>& model_list();
const ModelInfo& find_model(const std::string& name);

}  // namespace ctr
