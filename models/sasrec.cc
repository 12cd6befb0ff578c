// SASRec (Kang and McAuley, ICDM 2018).
//   x = (√D E[id] + P[t]) m_t, m_t = [id ≠ 0]
//   block: q = ln1(x), a = attention(q W_q, x W_k, x W_v), y = ln2(q + a),
//          x = (y + ffn1(relu(ffn0(y)))) m_t
//   h = ln(x)        z_t(i) = <h_t, E_i>
// A place's keys are the items up to it. Learnt from one item that follows and one that does not:
//   L = mean over the places with an item that follows of softplus(−z⁺) + softplus(z⁻)

#include <cmath>

#include "engine/check.h"
#include "models/layers/attention_heads.h"
#include "models/layers/dropout_layer.h"
#include "models/layers/item_sequence.h"
#include "models/layers/linear_layer.h"
#include "models/layers/norm_layer.h"
#include "models/next_item.h"
#include "ops/activation/activation.h"
#include "ops/elementwise/elementwise.h"
#include "ops/linear/linear.h"
#include "ops/reduce/reduce.h"
#include "ops/sequence/sequence.h"
#include "ops/shaping/shaping.h"

namespace ctr {
namespace {

class SasRecBlock {
 public:
  SasRecBlock(const Scope& scope, int64_t width, double rate, const SasRecOptions& options)
      : width_(width),
        heads_(options.heads),
        ln1_(scope / "ln1", width, options.norm_epsilon),
        ln2_(scope / "ln2", width, options.norm_epsilon),
        q_(scope / "q", width, width),
        k_(scope / "k", width, width),
        v_(scope / "v", width, width),
        ffn0_(scope / "ffn/0", width, width),
        ffn1_(scope / "ffn/1", width, width),
        dropout_(scope, rate) {
    CTR_CHECK(width % heads_ == 0,
              "sasrec: {} heads do not divide the width {}; set --sasrec-heads", heads_, width);
  }

  // x [B L, D], mask i64 [B, L]
  Var operator()(const Var& x, const Tensor& mask) const {
    const Var q = ln1_(x);                                      // [B L, D]
    const Var y = ln2_(q + attention(q, x, mask));              // [B L, D]
    const Var inner = dropout_(ffn0_(y, Activation::relu), 1);  // [B L, D]
    return y + dropout_(ffn1_(inner), 2);
  }

 private:
  Var attention(const Var& q, const Var& x, const Tensor& mask) const {
    const int64_t rows = mask.dim(0);
    auto heads = [&](const Var& each) { return split_heads(each, rows, heads_); };
    const Var scores = batched_matmul(heads(q_(q)), heads(k_(x)), Transpose::yes);  // [B H, L, L]
    const double scale = 1 / std::sqrt(static_cast<double>(width_ / heads_));
    const Var p = attention_softmax(scores, mask, heads_, true, scale);
    return join_heads(batched_matmul(dropout_(p, 0), heads(v_(x))), rows);
  }

  int64_t width_, heads_;
  NormLayer ln1_, ln2_;
  LinearLayer q_, k_, v_, ffn0_, ffn1_;
  DropoutLayer dropout_;
};

class SasRec : public Model {
 public:
  SasRec(const Scope& scope, const ModelContext& context)
      : scope_(scope),
        options_(context.options.sasrec),
        sequence_("sasrec", context),
        width_(item_width(context)),
        dropout_(scope / "embedding", context.options.dropout),
        ln_(scope / "ln", width_, options_.norm_epsilon) {
    const Initializer small = Initializer::truncated_normal(context.options.embedding_deviation);
    table_ = &(scope / "embedding")
                  .table(sequence_.table(), {sequence_.items(), width_}, small.with_zero_row());
    CTR_CHECK_DATA(sequence_.length() > 0,
                   "sasrec: the sequence has no max_length, and each place needs a position; "
                   "prepare the data with one");
    positions_ = &(scope / "embedding").parameter("position", {sequence_.length(), width_}, small);
    for (int64_t i = 0; i < options_.blocks; ++i)
      blocks_.emplace_back(scope / "block" / i, width_, context.options.dropout, options_);
    positive_ = field_of(context.schema, options_.positive_field);
    negative_ = field_of(context.schema, options_.negative_field);
    CTR_CHECK((positive_ < 0) == (negative_ < 0),
              "sasrec: name both --sasrec-positive-field and --sasrec-negative-field, or neither");
    CTR_CHECK(positive_ >= 0 || sequence_.items() > 2, "sasrec: one item has no other beside it");
    if (positive_ < 0)
      CTR_CHECK(sequence_.item_field() >= 0,
                "sasrec: data set '{}' has no item whose table the sequence shares, to be scored",
                context.schema.name);
  }

  // The score of the row's item after its sequence; of given items, that of those that follow.
  Var logit(const Batch& batch) const override { return logits(batch).front(); }
  std::vector<Var> logits(const Batch& batch) const override {
    if (positive_ >= 0) return pair_scores(pairs(batch));
    const Var item = looked_up(sequence_.item(batch));
    return {reshape(sum(last(batch) * item, -1), {batch.rows, 1})};
  }

  bool needs_both_labels() const override { return false; }
  ItemVectors item_vectors(const Batch& batch) const override {
    if (positive_ >= 0) return {};
    return {last(batch).value(), table_->value, {}, sequence_.item_field(), sequence_.first_item()};
  }

  std::vector<Var> losses(std::span<const Var>, const Batch& batch) const override {
    return training_losses(batch);
  }
  std::vector<Var> training_losses(const Batch& batch) const override {
    const Pairs at = pairs(batch);
    const std::vector<Var> z = pair_scores(at);  // [B, T] each, 0 where nothing follows
    Tensor counts = at.told.cast(z[0].dtype());
    double all = 0;
    for (int64_t one : at.told.span<int64_t>()) all += static_cast<double>(one);
    const Var each =
        activate(scale(z[0], -1), Activation::softplus) + activate(z[1], Activation::softplus);
    const Var total = sum(reshape(each * Var(counts), {1, counts.count()}), -1);
    return {scale(total, 1 / std::max(1.0, all))};
  }

  std::vector<Prediction> predictions(std::span<const Var> logits,
                                      const Batch& batch) const override {
    if (positive_ < 0) return Model::predictions(logits, batch);
    return {{"positive", {}, {}}, {"negative", {}, {}}};
  }

 private:
  // What is read, what follows and what does not, i64 [B, T]; told: 1 where something follows.
  struct Pairs {
    Tensor ids, positive, negative, told;
  };

  static int64_t field_of(const Schema& schema, const std::string& name) {
    return name.empty() ? -1 : schema.index_of(name);
  }
  Var looked_up(const Tensor& ids) const { return gather(*table_, ids, 0); }

  Pairs pairs(const Batch& batch) const {
    Pairs at;
    at.ids = sequence_.ids(batch);
    if (positive_ >= 0) {
      at.positive = sequence_.ids_of(batch, positive_);
      at.negative = sequence_.ids_of(batch, negative_);
    } else {
      const Tensor all = sequence_.followed(batch);
      at.ids = all_but_last(all);
      at.positive = where_read(all_but_first(all), at.ids);
      at.negative = other_items(at.positive);
    }
    at.told = Tensor({at.ids.dim(0), at.ids.dim(1)}, DType::i64);
    for (int64_t i = 0; i < at.told.count(); ++i)
      at.told.data<int64_t>()[i] = at.positive.data<int64_t>()[i] != 0 ? 1 : 0;
    return at;
  }

  // Nothing is told where nothing was read.
  static Tensor where_read(const Tensor& following, const Tensor& ids) {
    Tensor result = following.clone();
    for (int64_t i = 0; i < ids.count(); ++i)
      if (ids.data<int64_t>()[i] == 0) result.data<int64_t>()[i] = 0;
    return result;
  }
  // For each item another one, at random.
  Tensor other_items(const Tensor& positive) const {
    const Mode& mode = scope_.mode();
    const RandomStream random{mode.seed, stream_of("sasrec/negative"), mode.step};
    Tensor result = Tensor::zeros(positive.shape(), DType::i64);
    for (int64_t i = 0; i < positive.count(); ++i) {
      const int64_t own = positive.data<int64_t>()[i];
      if (own == 0) continue;
      const auto others = static_cast<uint64_t>(sequence_.items() - 2);
      const auto drawn = 1 + static_cast<int64_t>(random.below(others, static_cast<uint64_t>(i)));
      result.data<int64_t>()[i] = drawn < own ? drawn : drawn + 1;
    }
    return result;
  }

  // h at the last place → [B, D]
  Var last(const Batch& batch) const {
    const Tensor ids = sequence_.ids(batch);
    const int64_t rows = ids.dim(0), length = ids.dim(1);
    const int64_t parts[] = {length - 1, 1};
    const Var h = reshape(encode(ids), {rows, length, width_});
    return reshape(split(h, parts, 1)[1], {rows, width_});
  }

  // [B, L] → [B L, D]
  Var encode(const Tensor& ids) const {
    const int64_t rows = ids.dim(0), length = ids.dim(1);
    Tensor mask(ids.shape(), DType::i64);
    for (int64_t i = 0; i < ids.count(); ++i)
      mask.data<int64_t>()[i] = ids.data<int64_t>()[i] != 0 ? 1 : 0;
    const Var kept(mask.cast(table_->value.dtype()).reshaped({rows * length}));
    Var x = scale(looked_up(ids), std::sqrt(static_cast<double>(width_))) + Var(*positions_);
    x = reshape(dropout_(x), {rows * length, width_});
    x = scale_rows(x, kept);
    for (const SasRecBlock& block : blocks_) x = scale_rows(block(x, mask), kept);
    return ln_(x);
  }

  std::vector<Var> pair_scores(const Pairs& at) const {
    const Var h = encode(at.ids);
    auto scores = [&](const Tensor& items) {
      const Var z = sum(h * reshape(looked_up(items), h.shape()), -1);
      return reshape(z, items.shape()) * Var(at.told.cast(z.dtype()));
    };
    return {scores(at.positive), scores(at.negative)};
  }

  Scope scope_;
  SasRecOptions options_;
  ItemSequence sequence_;
  int64_t width_;
  DropoutLayer dropout_;
  const Parameter* table_ = nullptr;
  const Parameter* positions_ = nullptr;
  std::vector<SasRecBlock> blocks_;
  NormLayer ln_;
  int64_t positive_ = -1, negative_ = -1;
};

}  // namespace

ModelInfo model_sasrec() {
  return {
      .name = "sasrec",
      .title = "causal self-attention over a sequence of items tells what follows",
      .paper = "Kang and McAuley, ICDM 2018",
      .make = [](const Scope& scope,
                 const ModelContext& context) { return std::make_unique<SasRec>(scope, context); },
      .preset = [](ModelOptions& o) { o.embedding_deviation = 0.02; },
      .shrink = [](ModelOptions& o) { o.embedding_dim = 6; },
      .variants = {{"one block, two heads",
                    [](ModelOptions& o) {
                      o.sasrec.blocks = 1;
                      o.sasrec.heads = 2;
                    }}},
      .needs_sequences = true,
      .learns_sequences = true};
}

}  // namespace ctr
