#pragma once

#include <optional>
#include <vector>

#include "engine/activation.h"
#include "models/layers/batch_norm.h"
#include "models/layers/linear_layer.h"
#include "models/layers/small_tables.h"

namespace ctr {

// Deep hash embedding (Kang et al.: Learning to embed categorical features without embedding tables
// for recommendation, KDD 2021): y = out(h_L), h_l = act(bn(W_l h_{l−1} + b_l)), h_0 the code of
// the id by k hash functions (ops/hashing). Parameters `<l>/weight`, `<l>/bias`, `<l>/bn/…`,
// `out/weight`, `out/bias`, Xavier normal.
//
// Each distinct id of a batch is decoded once, and batch norm's statistics are over these: an id
// counts once however often it stands in the batch. A batch with fewer than two ids takes the
// running statistics. In prediction a vector once decoded is kept until weights change.
class DeepHashEmbedding : public CompressedEmbedding {
 public:
  DeepHashEmbedding(const Scope& scope, int64_t ids, int64_t width, const EmbeddingOptions& options,
                    double deviation);
  Var operator()(const Tensor& ids, int64_t padding) const override;

  // The codes of ids [N] → [N, k].
  Var encoding(const Tensor& ids) const;

 private:
  static constexpr uint64_t kNone = ~uint64_t{0};  // of all versions of weights
  struct Layer {
    LinearLayer linear;
    std::optional<BatchNormLayer> norm;
  };
  struct Cache {
    Tensor table;             // [ids, width]; rows of ids not met yet hold nothing
    std::vector<bool> known;  // of each id
    uint64_t version = kNone;
  };
  Var decode(const Tensor& ids) const;
  bool caches() const;
  void fill_cache(const Tensor& ids, int64_t padding) const;

  Scope scope_;
  int64_t ids_, width_;
  StoredHashFamily hash_;
  HashEncoding encoding_;
  double log_floor_;
  Activation activation_;
  std::vector<Layer> layers_;
  const Parameter* out_weight_;
  const Parameter* out_bias_;
  int64_t cache_bytes_;
  mutable Cache cache_;
};

}  // namespace ctr
