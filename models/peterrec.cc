// PeterRec (Yuan et al., SIGIR 2020): a NextItNet that stays as it was trained, and small patches
// in it that learn a task.
//   h = blocks(E[x_1 … x_n], CLS)        f = h at CLS        s(y) = <f, R_y>
// Not causal: [CLS, x_1 … x_n, CLS], f = h at the first + h at the last place.
// Trained: the target table R, the patches, the last norm of each block, CLS. All else is frozen.

#include "engine/check.h"
#include "models/dilated_sequence.h"
#include "models/layers/dilated_net.h"
#include "models/next_item.h"
#include "ops/activation/activation.h"
#include "ops/elementwise/elementwise.h"
#include "ops/gather/gather.h"
#include "ops/reduce/reduce.h"
#include "ops/shaping/shaping.h"

namespace ctr {
namespace {

class PeterRec : public Model {
 public:
  PeterRec(const Scope& scope, const ModelContext& context)
      : options_(context.options.peter),
        causal_(context.options.nextitnet.causal),
        sequence_("peterrec", context),
        width_(item_width(context)),
        table_(item_table(scope.frozen(), sequence_, context, causal_ ? 0 : 1)),
        net_({scope.frozen(), scope}, width_, context.options.nextitnet, &options_) {
    const Schema& schema = context.schema;
    positive_ = schema.index_of(FieldRole::item);
    CTR_CHECK(positive_ >= 0,
              "peterrec: data set '{}' marks no item field, the target; name it when it is "
              "prepared, as with --item COLUMN",
              schema.name);
    const int64_t targets = schema.fields[static_cast<size_t>(positive_)].vocabulary;
    if (!options_.negative_field.empty()) {
      negative_ = schema.index_of(options_.negative_field);
      const Field& field = schema.fields[static_cast<size_t>(negative_)];
      CTR_CHECK(field.type == FieldType::categorical && field.vocabulary == targets,
                "peterrec: '{}' must be a field of one of the {} targets; set "
                "--peter-negative-field",
                field.name, targets);
    }
    CTR_CHECK(negative_ >= 0 || options_.loss == "bce",
              "peterrec: --peter-loss bpr needs pairs; set --peter-negative-field");
    target_ =
        &(scope / "target").table("weight", {targets, width_}, Initializer::truncated_normal(0.02));
    if (options_.cls == "trainable")
      cls_ = &scope.parameter("cls", {width_}, Initializer::truncated_normal(0.02));
  }

  Var logit(const Batch& batch) const override { return logits(batch).front(); }
  std::vector<Var> logits(const Batch& batch) const override {
    const Var f = user(batch);
    std::vector<Var> scores{score(f, batch, positive_)};
    if (negative_ >= 0) scores.push_back(score(f, batch, negative_));
    return scores;
  }

  Tensor item_places(const Batch& batch) const override {
    return places_among_all(user(batch).value(), target_->value, {},
                            batch.fields[static_cast<size_t>(positive_)].ids, batch.label);
  }

  std::unique_ptr<SequenceStream> stream(int64_t users) const override {
    DilatedSequence::Reading reading;
    reading.token = [this](int64_t rows) { return cls(rows); };
    return std::make_unique<DilatedSequence>(net_, table_, users, reading,
                                             ItemScores{target_, nullptr});
  }

  std::vector<Var> losses(std::span<const Var> s, const Batch& batch) const override {
    Var loss;
    if (negative_ < 0) {
      loss = Model::losses(s, batch).front();
    } else if (options_.loss == "bpr") {
      loss = mean(softplus(s[1] + scale(s[0], -1)), 0);  // −ln σ(s⁺ − s⁻)
    } else {
      loss = mean(softplus(scale(s[0], -1)) + softplus(s[1]), 0);
    }
    if (options_.l2 > 0) {
      const Var all = reshape(*target_, {1, target_->value.count()});
      loss = loss + scale(sum(all * all, -1), 0.5 * options_.l2);
    }
    return {loss};
  }

  std::vector<Prediction> predictions(std::span<const Var> logits,
                                      const Batch& batch) const override {
    if (negative_ < 0) return Model::predictions(logits, batch);
    return {{"positive", {}, {}}, {"negative", {}, {}}};
  }

 private:
  static Var softplus(const Var& x) { return activate(x, Activation::softplus); }

  // CLS of each row, [B, 1, D].
  Var cls(int64_t rows) const {
    if (cls_ == nullptr) return gather(table_, Tensor::zeros({rows, 1}, DType::i64));
    return Var(Tensor::zeros({rows, 1, width_}, table_.value.dtype())) + Var(*cls_);
  }

  Var user(const Batch& batch) const {
    const Tensor ids = sequence_.ids(batch);
    const int64_t rows = ids.dim(0), length = ids.dim(1);
    const Var items = gather(table_, ids), end = cls(rows);  // [B, n, D], [B, 1, D]
    if (causal_) {
      const Var h = net_(concat({items, end}, 1));  // [B, n + 1, D]
      const int64_t parts[] = {length, 1};
      return reshape(split(h, parts, 1)[1], {rows, width_});
    }
    const Var h = net_(concat({end, items, end}, 1));  // [B, n + 2, D]
    const int64_t parts[] = {1, length, 1};
    const std::vector<Var> at = split(h, parts, 1);
    return reshape(at[0] + at[2], {rows, width_});
  }

  // <f, R_y> → [B, 1]
  Var score(const Var& f, const Batch& batch, int64_t field) const {
    const Tensor& ids = batch.fields[static_cast<size_t>(field)].ids;
    // The penalty's gradient is of the whole table, and so the lookup's must be.
    const Var table = options_.l2 > 0 ? reshape(*target_, target_->value.shape()) : Var(*target_);
    return reshape(sum(f * gather(table, ids), -1), {f.dim(0), 1});
  }

  PeterOptions options_;
  bool causal_;
  ItemSequence sequence_;
  int64_t width_;
  const Parameter& table_;
  DilatedNet net_;
  int64_t positive_ = -1, negative_ = -1;
  const Parameter* target_ = nullptr;
  const Parameter* cls_ = nullptr;
};

}  // namespace

ModelInfo model_peterrec() {
  auto insertion = [](const char* name, bool skip) {
    return [name, skip](ModelOptions& o) {
      o.peter.insertion = name;
      o.peter.inner_skip = skip;
    };
  };
  return {.name = "peterrec",
          .title = "patches in a frozen network over the user's sequence learn a task",
          .paper = "Yuan et al., SIGIR 2020",
          .make =
              [](const Scope& scope, const ModelContext& context) {
                return std::make_unique<PeterRec>(scope, context);
              },
          .preset = [](ModelOptions& o) { o.embedding_deviation = 0.02; },
          .shrink =
              [](ModelOptions& o) {
                o.nextitnet.dilations = {1, 2};
              },
          .variants = {{"one patch a block", insertion("serial1", true)},
                       {"parallel", insertion("parallel2", false)},
                       {"beside the block", insertion("beside_block", true)},
                       {"pairs, branches, penalty",
                        [](ModelOptions& o) {
                          o.peter.negative_field = "negative";
                          o.peter.cardinality = 2;
                          o.peter.bottleneck = 2;
                          o.peter.l2 = 0.001;
                          o.peter.zero_up = false;
                        }},
                       {"pairs by difference, row 0, both sides",
                        [](ModelOptions& o) {
                          o.peter.negative_field = "negative";
                          o.peter.loss = "bpr";
                          o.peter.cls = "frozen_row_0";
                          o.nextitnet.causal = false;
                        }}},
          .needs_sequences = true,
          .learns_sequences = true};
}

}  // namespace ctr
