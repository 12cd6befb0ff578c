#pragma once
// What models that tell the next item of a sequence stand on.

#include "models/layers/item_sampler.h"
#include "models/layers/item_sequence.h"
#include "models/model.h"
#include "models/sequence_stream.h"

namespace ctr {

// What is read at each place, and what is to be told there: i64 [B, T] both, 0: nothing.
struct Places {
  Tensor ids, target;
};

// A model with h = encode(ids) [B, T, D] and a score of each item at each place,
//   z = W f(h) + c,   W [V, D], c [V],   f = relu where a model says so
// It learns the cross-entropy of the places' targets: over all items, a chunk at a time
// (ops/item_softmax), or over a sample; or BPR-max over a sample (layers/bpr_max.h). What it
// predicts is the score of the row's item after the row's sequence, as if a click's log-odds; where
// the data has no such field, all scores at all places [B, T, V]. Parameters `embedding/<items>`
// [V, D] and what the model adds, `head/weight`, `head/bias`; the state `counts` where the sampler
// needs the items' occurrences in training.
class NextItemModel : public Model {
 public:
  Var logit(const Batch& batch) const override;
  std::vector<Var> losses(std::span<const Var> logits, const Batch& batch) const override;
  std::vector<Var> training_losses(const Batch& batch) const override;
  std::vector<Prediction> predictions(std::span<const Var> logits,
                                      const Batch& batch) const override;
  bool needs_both_labels() const override { return false; }
  ItemVectors item_vectors(const Batch& batch) const override;

 protected:
  // How the scores are made.
  struct Head {
    int64_t width = 0;  // D
    bool bias = true, relu = false;
    double deviation = 0.02;  // W begins as a normal distribution within two deviations
  };
  // `name` begins messages.
  NextItemModel(const std::string& name, const Scope& scope, const ModelContext& context,
                const Head& head);

  // i64 [B, T] → [B, T, D]
  virtual Var encode(const Tensor& ids) const = 0;
  // The same of one more place of sequences that go on, i64 [B, 1] → [B, 1, D].
  virtual Var encode_on(const Tensor& ids, const Tensor& begins) const;
  // The same at the last place alone, [B, 1, D].
  virtual Var encode_last(const Tensor& ids) const;
  // Where and what it learns from whole rows: each place but the last tells what follows it.
  virtual Places taught(const Tensor& ids) const;
  // Rows at whose last place the item after them is told.
  virtual Tensor asked(const Tensor& ids) const { return ids; }

  const ItemSequence& sequence() const { return sequence_; }
  const Mode& mode() const { return scope_.mode(); }
  // Of f(h).
  ItemScores scores() const { return {weight_, bias_, sequence_.first_item()}; }

 private:
  Places places(const Batch& batch) const;
  Var read(const Var& h) const;       // f(h), rows [B T, D]
  Var last(const Tensor& ids) const;  // f(h) where the item after these is told, [B, D]
  Tensor counted(const Tensor& target) const;

  Scope scope_;
  ItemSequence sequence_;
  Head head_;
  NextItemOptions options_;
  int64_t target_field_ = -1;
  const Parameter* weight_ = nullptr;
  const Parameter* bias_ = nullptr;
  std::unique_ptr<ItemSampler> sampler_;  // null: all items
  const Parameter* counts_ = nullptr;
  mutable int64_t counted_step_ = -1;
};

// The table of a sequence's items and of `more` tokens behind them, `embedding/<items>`: normal
// within two deviations. Id 0 has a vector like any other.
const Parameter& item_table(const Scope& scope, const ItemSequence& sequence,
                            const ModelContext& context, int64_t more);
// Its width: --embedding-dim, or 64.
int64_t item_width(const ModelContext& context);

}  // namespace ctr
