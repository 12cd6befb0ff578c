// A transformer encoder (Devlin et al., NAACL 2019) over a sequence, read at its first place, and
// ways to tune it by few parameters.
//   x = ln(E[token] + P[place])
//   layer: x = ln1(x + o(attention(x))), x = ln2(x + ffn1(gelu(ffn0(x))))      logit = wᵀ x_0 + b
// lora     q and v: x Wᵀ + b + (α / r) x Aᵀ Bᵀ (Hu et al., ICLR 2022); trained: A, B, head
// adapter  h + up(gelu(down(h))) behind o and behind ffn1 (Houlsby et al., ICML 2019); trained:
//          adapters, layer norms, head
// prefix   trained keys and values before those of each layer (Li and Liang, ACL 2021; Liu et al.,
//          P-Tuning v2, ACL 2022); trained: these, head

#include <cmath>
#include <optional>

#include "engine/check.h"
#include "models/layers/attention_heads.h"
#include "models/layers/dropout_layer.h"
#include "models/layers/item_sequence.h"
#include "models/layers/linear_layer.h"
#include "models/layers/norm_layer.h"
#include "models/next_item.h"
#include "ops/activation/activation.h"
#include "ops/elementwise/elementwise.h"
#include "ops/gather/gather.h"
#include "ops/linear/linear.h"
#include "ops/shaping/shaping.h"
#include "ops/softmax/softmax.h"

namespace ctr {
namespace {

// Where parameters are made: the encoder's own, its layer norms, and what a method adds.
struct EncoderScopes {
  Scope base, norms, added;

  EncoderScopes operator/(const std::string& name) const {
    return {base / name, norms / name, added / name};
  }
};

// x Wᵀ + b, and with a rank (α / r) x Aᵀ Bᵀ: `lora_a` [r, in] U(±1/√in), `lora_b` [out, r] zeros.
class Projection {
 public:
  Projection(const EncoderScopes& scopes, int64_t width, const EncoderOptions& options, bool lora)
      : linear_(scopes.base, width, width),
        scale_(options.lora_alpha / static_cast<double>(options.lora_rank)) {
    if (!lora) return;
    const int64_t rank = options.lora_rank;
    // U(−a, a) of a = √(6 / 6 in)
    a_ = &scopes.added.parameter("lora_a", {rank, width},
                                 Initializer::xavier_uniform(3 * width, 3 * width));
    b_ = &scopes.added.parameter("lora_b", {width, rank}, Initializer::zeros());
  }
  Var operator()(const Var& x) const {
    const Var y = linear_(x);
    return a_ == nullptr ? y : y + scale(linear(linear(x, *a_), *b_), scale_);
  }

 private:
  LinearLayer linear_;
  double scale_;
  const Parameter* a_ = nullptr;
  const Parameter* b_ = nullptr;
};

// h + up(gelu(down(h))), near the identity at first.
class Adapter {
 public:
  Adapter(const Scope& scope, int64_t width, int64_t units, Activation gelu)
      : down_weight_((scope / 0).parameter("weight", {units, width}, kSmall)),
        down_bias_((scope / 0).parameter("bias", {units}, Initializer::zeros())),
        up_weight_((scope / 1).parameter("weight", {width, units}, kSmall)),
        up_bias_((scope / 1).parameter("bias", {width}, Initializer::zeros())),
        gelu_(gelu) {}
  Var operator()(const Var& h) const {
    const Var inner = linear(h, down_weight_, down_bias_, {gelu_, WeightLayout::out_in});
    return h + linear(inner, up_weight_, up_bias_);
  }

 private:
  inline static const Initializer kSmall = Initializer::truncated_normal(1e-3);
  const Parameter& down_weight_;
  const Parameter& down_bias_;
  const Parameter& up_weight_;
  const Parameter& up_bias_;
  Activation gelu_;
};

// Keys and values before those of the layers, P rows: `table` [P, 2 layers D], or made of
// `embedding` [P, D] by `1`(tanh(`0`)). Columns: layer, key or value, head, its width.
class Prefix {
 public:
  Prefix(const Scope& scope, int64_t width, const EncoderOptions& options) {
    const int64_t length = options.prefix_length, all = 2 * options.layers * width;
    if (options.prefix_hidden == 0) {
      table_ = &scope.parameter("table", {length, all}, Initializer::normal(1));
      return;
    }
    table_ = &scope.parameter("embedding", {length, width}, Initializer::normal(1));
    first_.emplace(scope / 0, width, options.prefix_hidden);
    second_.emplace(scope / 1, options.prefix_hidden, all);
  }
  // Key, value, key, value, … of the layers → [P, D] each.
  std::vector<Var> operator()(int64_t width) const {
    const Var all = first_ ? (*second_)((*first_)(Var(*table_), Activation::tanh)) : Var(*table_);
    const std::vector<int64_t> sizes(static_cast<size_t>(all.dim(1) / width), width);
    return split(all, sizes);
  }

 private:
  const Parameter* table_ = nullptr;
  std::optional<LinearLayer> first_, second_;
};

// Of a batch's places.
struct PlacedBatch {
  int64_t rows, length;
  Tensor mask;  // i64 [B H, L, P + L]: keys that a query sees
};

class EncoderLayer {
 public:
  EncoderLayer(const EncoderScopes& s, int64_t width, double rate, const EncoderOptions& options)
      : width_(width),
        heads_(options.heads),
        q_(s / "attention/q", width, options, options.method == "lora"),
        k_(s / "attention/k", width, options, false),
        v_(s / "attention/v", width, options, options.method == "lora"),
        o_(s.base / "attention/o", width, width),
        ffn0_(s.base / "ffn/0", width, ffn_of(width, options)),
        ffn1_(s.base / "ffn/1", ffn_of(width, options), width),
        ln1_(s.norms / "ln1", width, options.norm_epsilon),
        ln2_(s.norms / "ln2", width, options.norm_epsilon),
        gelu_(options.gelu == "tanh" ? Activation::gelu_tanh : Activation::gelu),
        dropout_(s.base, rate) {
    if (options.method != "adapter") return;
    adapter1_.emplace(s.added / "adapter1", width, options.adapter_units, gelu_);
    adapter2_.emplace(s.added / "adapter2", width, options.adapter_units, gelu_);
  }

  // x [B L, D]; prefix: its key and value, or undefined.
  Var operator()(const Var& x, const PlacedBatch& at, const Var& key, const Var& value) const {
    Var y = dropout_(o_(attention(x, at, key, value)), 0);
    if (adapter1_) y = (*adapter1_)(y);
    const Var s = ln1_(x + y);
    y = dropout_(ffn1_(ffn0_(s, gelu_)), 1);
    if (adapter2_) y = (*adapter2_)(y);
    return ln2_(s + y);
  }

 private:
  static int64_t ffn_of(int64_t width, const EncoderOptions& options) {
    return options.ffn_units > 0 ? options.ffn_units : 4 * width;
  }
  // [P, D] before x [B H, L, D/H]
  Var behind(const Var& prefix, const Var& x, const PlacedBatch& at) const {
    if (!prefix.defined()) return x;
    const int64_t length = prefix.dim(0), part = width_ / heads_;
    const Var each = Var(Tensor::zeros({at.rows, heads_, length, part}, x.dtype())) +
                     split_heads(prefix, 1, heads_);
    return concat({reshape(each, {at.rows * heads_, length, part}), x}, 1);
  }
  Var attention(const Var& x, const PlacedBatch& at, const Var& key, const Var& value) const {
    auto heads = [&](const Var& each) { return split_heads(each, at.rows, heads_); };
    const Var k = behind(key, heads(k_(x)), at), v = behind(value, heads(v_(x)), at);
    const Var scores = scale(batched_matmul(heads(q_(x)), k, Transpose::yes),
                             std::sqrt(static_cast<double>(heads_) / static_cast<double>(width_)));
    const Var p = dropout_(masked_softmax(scores, at.mask), 2);  // [B H, L, P + L]
    return join_heads(batched_matmul(p, v), at.rows);
  }

  int64_t width_, heads_;
  Projection q_, k_, v_;
  LinearLayer o_, ffn0_, ffn1_;
  NormLayer ln1_, ln2_;
  Activation gelu_;
  DropoutLayer dropout_;
  std::optional<Adapter> adapter1_, adapter2_;
};

class Encoder : public Model {
 public:
  Encoder(const Scope& scope, const ModelContext& context)
      : options_(context.options.encoder),
        sequence_("encoder", context),
        width_(item_width(context)),
        scopes_(scopes_of(scope, options_)),
        table_(item_table(scopes_.base, sequence_, context, 0)),
        ln_(scopes_.norms / "embedding/ln", width_, options_.norm_epsilon),
        dropout_(scope / "embedding", context.options.dropout),
        head_(scope / "head", width_, 1) {
    CTR_CHECK_DATA(sequence_.length() > 0,
                   "encoder: the sequence has no max_length, and each place needs a position; "
                   "prepare the data with one");
    CTR_CHECK(width_ % options_.heads == 0,
              "encoder: {} heads do not divide the width {}; set --encoder-heads", options_.heads,
              width_);
    if (options_.method == "prefix") {
      prefix_.emplace(scope / "prefix", width_, options_);
      prefix_length_ = options_.prefix_length;
    }
    const int64_t first = options_.prefix_shifts_positions ? prefix_length_ : 0;
    positions_ = &(scopes_.base / "embedding")
                      .parameter("position", {first + sequence_.length(), width_},
                                 Initializer::truncated_normal(0.02));
    for (int64_t l = 0; l < options_.layers; ++l)
      layers_.emplace_back(scopes_ / fmt::format("layer/{}", l), width_, context.options.dropout,
                           options_);
  }

  Var logit(const Batch& batch) const override {
    const Tensor ids = sequence_.ids_at_the_beginning(batch);
    const PlacedBatch at{ids.dim(0), ids.dim(1), mask_of(ids)};
    const int64_t shift = positions_->value.dim(0) - sequence_.length();
    const int64_t parts[] = {shift, sequence_.length()};
    Var positions(*positions_);
    if (shift > 0) positions = split(positions, parts, 0)[1];
    Var x = reshape(gather(table_, ids) + positions, {at.rows * at.length, width_});
    x = dropout_(ln_(x));
    const std::vector<Var> prefix = prefix_ ? (*prefix_)(width_) : std::vector<Var>();
    for (size_t l = 0; l < layers_.size(); ++l)
      x = layers_[l](x, at, prefix_ ? prefix[2 * l] : Var(), prefix_ ? prefix[2 * l + 1] : Var());
    const int64_t places[] = {1, at.length - 1};
    const Var first = split(reshape(x, {at.rows, at.length, width_}), places, 1)[0];
    return head_(reshape(first, {at.rows, width_}));
  }

 private:
  static EncoderScopes scopes_of(const Scope& scope, const EncoderOptions& options) {
    const Scope base = options.method == "plain" ? scope : scope.frozen();
    return {base, options.method == "adapter" ? scope : base, scope};
  }
  // Padding is no key; a prefix always is one.
  Tensor mask_of(const Tensor& ids) const {
    const int64_t rows = ids.dim(0), length = ids.dim(1), keys = prefix_length_ + length;
    Tensor mask({rows * options_.heads, length, keys}, DType::i64);
    int64_t* to = mask.data<int64_t>();
    for (int64_t b = 0; b < rows; ++b) {
      const int64_t* row = ids.data<int64_t>() + b * length;
      for (int64_t i = 0; i < options_.heads * length; ++i) {
        for (int64_t p = 0; p < prefix_length_; ++p) *to++ = 1;
        for (int64_t t = 0; t < length; ++t) *to++ = row[t] != 0 ? 1 : 0;
      }
    }
    return mask;
  }

  EncoderOptions options_;
  ItemSequence sequence_;
  int64_t width_, prefix_length_ = 0;
  EncoderScopes scopes_;
  const Parameter& table_;
  NormLayer ln_;
  DropoutLayer dropout_;
  LinearLayer head_;
  const Parameter* positions_ = nullptr;
  std::optional<Prefix> prefix_;
  std::vector<EncoderLayer> layers_;
};

}  // namespace

ModelInfo model_encoder() {
  auto method = [](const std::string& name) {
    return [name](ModelOptions& o) { o.encoder.method = name; };
  };
  return {
      .name = "encoder",
      .title = "a transformer encoder over a sequence; LoRA, adapters or a prefix tune it",
      .paper = "Devlin et al., NAACL 2019; Hu et al., ICLR 2022",
      .make = [](const Scope& scope,
                 const ModelContext& context) { return std::make_unique<Encoder>(scope, context); },
      .preset = [](ModelOptions& o) { o.embedding_deviation = 0.02; },
      .shrink =
          [](ModelOptions& o) {
            o.embedding_dim = 8;
            o.encoder.ffn_units = 10;
            o.encoder.lora_rank = 2;
            o.encoder.adapter_units = 3;
            o.encoder.prefix_length = 3;
          },
      .variants = {{"lora", method("lora")},
                   {"adapter",
                    [](ModelOptions& o) {
                      o.encoder.method = std::string("adapter");
                      o.encoder.gelu = std::string("tanh");
                    }},
                   {"prefix", method("prefix")},
                   {"prefix by a net, own positions",
                    [](ModelOptions& o) {
                      o.encoder.method = std::string("prefix");
                      o.encoder.prefix_hidden = 5;
                      o.encoder.prefix_shifts_positions = false;
                    }}},
      .needs_sequences = true,
      .learns_sequences = true};
}

}  // namespace ctr
