// PeterRec (Yuan et al., SIGIR 2020): a NextItNet that stays as it was trained, and small patches
// in it that learn a task.
//   h = blocks(E[x_1 … x_n], CLS)        f = h at CLS        s(y) = <f, R_y>
// Not causal: [CLS, x_1 … x_n, CLS], f = h at the first + h at the last place.
// Trained: the target table R, the patches, the last norm of each block, CLS. All else is frozen.
// Its rivals train other parts of the same network, or learn the next clicks beside.

#include <algorithm>
#include <optional>

#include "engine/check.h"
#include "models/dilated_sequence.h"
#include "models/layers/dilated_net.h"
#include "models/layers/target_sampler.h"
#include "models/next_item.h"
#include "ops/activation/activation.h"
#include "ops/elementwise/elementwise.h"
#include "ops/gather/gather.h"
#include "ops/item_softmax/item_softmax.h"
#include "ops/reduce/reduce.h"
#include "ops/shaping/shaping.h"

namespace ctr {
namespace {

// What of the network is trained beside R and CLS, and where its parameters are made.
DilatedScopes scopes_of(const Scope& scope, const std::string& train) {
  const Scope kept = scope.frozen();
  if (train == "all") return {scope, scope, scope};
  if (train == "patches") return {kept, scope, kept};
  return {kept, kept, scope, train == "last1" ? 1 : train == "last2" ? 2 : 0};
}

class PeterRec : public Model {
 public:
  PeterRec(const Scope& scope, const ModelContext& context)
      : scope_(scope),
        options_(context.options.peter),
        next_(context.options.next_item),
        causal_(context.options.nextitnet.causal),
        sequence_("peterrec", context),
        width_(item_width(context)),
        table_(item_table(options_.train == "all" ? scope : scope.frozen(), sequence_, context,
                          causal_ ? 0 : 1)),
        net_(scopes_of(scope, options_.train), width_, context.options.nextitnet,
             options_.insertion == "none" ? nullptr : &options_) {
    check(context);
    const Field& field = context.schema.fields[static_cast<size_t>(positive_)];
    first_target_ = std::max<int64_t>(1, field.first_token());
    target_ =
        &(scope / "target")
             .table("weight", {field.vocabulary, width_}, Initializer::truncated_normal(0.02));
    if (options_.negatives != "rows")
      sampler_.emplace(options_.negatives, first_target_, field.vocabulary, options_.lambda_rho);
    if (options_.cls == "trainable")
      cls_ = &scope.parameter("cls", {width_}, Initializer::truncated_normal(0.02));
    if (options_.source_weight > 0)
      source_ =
          &(scope / "source")
               .table("weight", {sequence_.items(), width_}, Initializer::truncated_normal(0.02));
  }

  Var logit(const Batch& batch) const override { return logits(batch).front(); }
  std::vector<Var> logits(const Batch& batch) const override {
    return scores(user(encoded(batch)), batch);
  }

  ItemVectors item_vectors(const Batch& batch) const override {
    return {user(encoded(batch)).value(), target_->value, {}, positive_, first_target_};
  }

  bool needs_both_labels() const override {
    return options_.loss == "bce" && negative_ < 0 && !sampler_;
  }

  std::unique_ptr<SequenceStream> stream(int64_t users) const override {
    DilatedSequence::Reading reading;
    reading.token = [this](int64_t rows) { return cls(rows); };
    return std::make_unique<DilatedSequence>(net_, table_, users, reading,
                                             ItemScores{target_, nullptr, first_target_});
  }

  std::vector<Var> losses(std::span<const Var> s, const Batch& batch) const override {
    if (negative_ < 0) return {penalised(Model::losses(s, batch).front())};
    return {penalised(mean(pair_losses(s[0], s[1]), 0))};
  }

  std::vector<Var> training_losses(const Batch& batch) const override {
    const Var h = encoded(batch, source_ != nullptr), f = user(h);
    Var loss;
    if (options_.loss == "softmax") {
      loss = penalised(item_cross_entropy(f, targets(), {}, clicked(batch), {0, next_.chunk}));
    } else if (sampler_) {
      loss = penalised(drawn_loss(f, batch));
    } else {
      loss = losses(scores(f, batch), batch).front();
    }
    if (source_ != nullptr) loss = loss + scale(source_loss(h, batch), options_.source_weight);
    return {loss};
  }

  std::vector<Prediction> predictions(std::span<const Var> logits,
                                      const Batch& batch) const override {
    if (negative_ < 0) return Model::predictions(logits, batch);
    return {{"positive", {}, {}}, {"negative", {}, {}}};
  }

 private:
  void check(const ModelContext& context);

  static Var softplus(const Var& x) { return activate(x, Activation::softplus); }

  // Of a target that was chosen and one that was not → [B, 1].
  Var pair_losses(const Var& chosen, const Var& other) const {
    if (options_.loss == "bpr") return softplus(other + scale(chosen, -1));  // −ln σ(s⁺ − s⁻)
    return softplus(scale(chosen, -1)) + softplus(other);
  }

  Var penalised(const Var& loss) const {
    if (options_.l2 == 0) return loss;
    const Var all = reshape(*target_, {1, target_->value.count()});
    return loss + scale(sum(all * all, -1), 0.5 * options_.l2);
  }

  const Tensor& chosen(const Batch& batch) const {
    return batch.fields[static_cast<size_t>(positive_)].ids;
  }
  // 0 in rows that are no clicks.
  Tensor clicked(const Batch& batch) const {
    const Tensor label = batch.label.cast(DType::f64);
    Tensor result = chosen(batch).clone();
    for (int64_t b = 0; b < batch.rows; ++b)
      if (label.data<double>()[b] <= 0.5) result.data<int64_t>()[b] = 0;
    return result;
  }

  // Mean over the clicked rows, each with a target drawn for it.
  Var drawn_loss(const Var& f, const Batch& batch) const {
    const Mode& mode = scope_.mode();
    const RandomStream random{mode.seed, stream_of("peterrec/negative"), mode.step};
    const Tensor counted = clicked(batch);
    const auto clicks =
        std::count_if(counted.span<int64_t>().begin(), counted.span<int64_t>().end(),
                      [](int64_t id) { return id != 0; });
    const double share = 1 / std::max(1.0, static_cast<double>(clicks));
    Tensor weight({batch.rows, 1}, DType::f64);
    for (int64_t b = 0; b < batch.rows; ++b)
      weight.data<double>()[b] = counted.data<int64_t>()[b] != 0 ? share : 0;
    const Var each =
        pair_losses(score(f, chosen(batch)), score(f, sampler_->draw(random, chosen(batch))));
    return sum(reshape(each * Var(weight.cast(each.dtype())), {1, batch.rows}), -1);
  }

  // What the clicks themselves tell: the next one, place by place.
  Var source_loss(const Var& h, const Batch& batch) const {
    const Tensor ids = sequence_.ids(batch);
    const int64_t rows = ids.dim(0), taught = ids.dim(1) - 1;
    const int64_t parts[] = {taught, h.dim(1) - taught};
    const Var places = reshape(split(h, parts, 1)[0], {rows * taught, width_});
    return item_cross_entropy(places, *source_, {}, all_but_first(ids).reshaped({rows * taught}),
                              {0, next_.chunk});
  }

  // CLS of each row, [B, 1, D].
  Var cls(int64_t rows) const {
    if (cls_ == nullptr) return gather(table_, Tensor::zeros({rows, 1}, DType::i64));
    return Var(Tensor::zeros({rows, 1, width_}, table_.value.dtype())) + Var(*cls_);
  }

  // [B, n + 1, D], or CLS' place alone, [B, 1, D]; not causal: [B, n + 2, D]
  Var encoded(const Batch& batch, bool everywhere = false) const {
    const Tensor ids = sequence_.ids(batch);
    const Var items = gather(table_, ids), end = cls(ids.dim(0));  // [B, n, D], [B, 1, D]
    if (!causal_) return net_(concat({end, items, end}, 1));
    return net_(concat({items, end}, 1), everywhere ? 0 : 1);
  }
  // f of each row, [B, D].
  Var user(const Var& h) const {
    const int64_t rows = h.dim(0), places = h.dim(1);
    if (causal_) return reshape(tail(h, 1, 1), {rows, width_});
    const int64_t parts[] = {1, places - 2, 1};
    const std::vector<Var> at = split(h, parts, 1);
    return reshape(at[0] + at[2], {rows, width_});
  }

  // The penalty's gradient is of the whole table, and so that of others must be.
  Var targets() const {
    return options_.l2 > 0 ? reshape(*target_, target_->value.shape()) : Var(*target_);
  }
  // <f, R_y> → [B, 1]
  Var score(const Var& f, const Tensor& y) const {
    return reshape(sum(f * gather(targets(), y), -1), {f.dim(0), 1});
  }
  std::vector<Var> scores(const Var& f, const Batch& batch) const {
    std::vector<Var> all{score(f, chosen(batch))};
    if (negative_ >= 0) all.push_back(score(f, batch.fields[static_cast<size_t>(negative_)].ids));
    return all;
  }

  Scope scope_;
  PeterOptions options_;
  NextItemOptions next_;
  bool causal_;
  ItemSequence sequence_;
  int64_t width_;
  const Parameter& table_;
  DilatedNet net_;
  int64_t positive_ = -1, negative_ = -1, first_target_ = 1;
  const Parameter* target_ = nullptr;
  const Parameter* cls_ = nullptr;
  const Parameter* source_ = nullptr;  // what the next click is told by
  std::optional<TargetSampler> sampler_;
};

// Finds the targets, and refuses options that do not go together.
void PeterRec::check(const ModelContext& context) {
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
  const bool drawn = options_.negatives != "rows";
  CTR_CHECK(!drawn || (negative_ < 0 && options_.loss != "softmax"),
            "peterrec: --peter-negatives {} draws what {} has already; leave one out",
            options_.negatives, negative_ < 0 ? "--peter-loss softmax" : "--peter-negative-field");
  CTR_CHECK(negative_ < 0 || options_.loss != "softmax",
            "peterrec: --peter-loss softmax has all targets beside the chosen one; leave "
            "--peter-negative-field out");
  CTR_CHECK(negative_ >= 0 || drawn || options_.loss != "bpr",
            "peterrec: --peter-loss bpr needs pairs; set --peter-negatives uniform, or "
            "--peter-negative-field");
  CTR_CHECK(
      causal_ || options_.source_weight == 0,
      "peterrec: --peter-source-weight learns what follows a place, and a network that is not "
      "causal sees it; set --next-causal true");
  CTR_CHECK(context.options.nextitnet.block == "b" || !options_.train.starts_with("last"),
            "peterrec: --peter-train {} is of block b; set --next-block b", options_.train);
}

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
                        }},
                       {"drawn by popularity, two convolutions",
                        [](ModelOptions& o) {
                          o.peter.negatives = "lambda";
                          o.peter.loss = "bpr";
                          o.peter.insertion = "none";
                          o.peter.train = "last2";
                        }},
                       {"softmax, everything, next clicks",
                        [](ModelOptions& o) {
                          o.peter.loss = "softmax";
                          o.peter.insertion = "none";
                          o.peter.train = "all";
                          o.peter.source_weight = 0.5;
                          o.next_item.chunk = 3;
                        }},
                       {"the head alone, drawn uniformly",
                        [](ModelOptions& o) {
                          o.peter.negatives = "uniform";
                          o.peter.insertion = "none";
                          o.peter.train = "head";
                        }}},
          .needs_sequences = true,
          .learns_sequences = true};
}

}  // namespace ctr
