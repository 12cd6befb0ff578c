// GRU4Rec (Hidasi et al., ICLR 2016), on whole sequences.
//   h_t = GRU(E[x_t], h_{t−1}), h_0 = 0        z_t = W h_t + c

#include <algorithm>

#include "models/next_item.h"
#include "ops/gather/gather.h"
#include "ops/gru/gru.h"
#include "ops/linear/linear.h"
#include "ops/shaping/shaping.h"

namespace ctr {
namespace {

// Parameters `w_ih` [3 H, I], `w_hh` [3 H, H] and, with biases, `b_ih`, `b_hh` [3 H]; gates r, z,
// n.
class GruLayer {
 public:
  GruLayer(const Scope& scope, int64_t in, int64_t hidden, bool bias) : hidden_(hidden) {
    auto matrix = [&](const char* name, int64_t cols) {
      return &scope.parameter(name, {3 * hidden, cols}, Initializer::xavier_uniform(cols, hidden));
    };
    auto vector = [&](const char* name) {
      return bias ? &scope.parameter(name, {3 * hidden}, Initializer::zeros()) : nullptr;
    };
    w_ih_ = matrix("w_ih", in);
    w_hh_ = matrix("w_hh", hidden);
    b_ih_ = vector("b_ih");
    b_hh_ = vector("b_hh");
  }

  // x [B, T, I] → [B, T, H]
  Var operator()(const Var& x) const {
    const int64_t rows = x.dim(0), length = x.dim(1), gates = 3 * hidden_;
    const Var flat = reshape(x, {rows * length, x.dim(2)});
    const Var all = reshape(linear(flat, *w_ih_, of(b_ih_)), {rows, length, gates});
    Var h(Tensor::zeros({rows, hidden_}, x.dtype()));
    std::vector<Var> pieces;  // of the states
    for (const Var& piece : split(all, piece_lengths(length), 1)) {
      const std::vector<int64_t> ones(static_cast<size_t>(piece.dim(1)), 1);
      std::vector<Var> states;
      for (const Var& step : split(piece, ones, 1)) {                                 // [B, 1, 3 H]
        h = gru_step(reshape(step, {rows, gates}), linear(h, *w_hh_, of(b_hh_)), h);  // [B, H]
        states.push_back(reshape(h, {rows, 1, hidden_}));
      }
      pieces.push_back(concat(states, 1));
    }
    return concat(pieces, 1);
  }

 private:
  // Of T places: short lists of steps need no memory of their own.
  static std::vector<int64_t> piece_lengths(int64_t length) {
    constexpr int64_t kPiece = 16;
    std::vector<int64_t> lengths;
    for (int64_t begin = 0; begin < length; begin += kPiece)
      lengths.push_back(std::min(kPiece, length - begin));
    return lengths;
  }
  static Var of(const Parameter* bias) { return bias == nullptr ? Var() : Var(*bias); }

  int64_t hidden_;
  const Parameter* w_ih_ = nullptr;
  const Parameter* w_hh_ = nullptr;
  const Parameter* b_ih_ = nullptr;
  const Parameter* b_hh_ = nullptr;
};

class Gru4Rec : public NextItemModel {
 public:
  Gru4Rec(const Scope& scope, const ModelContext& context)
      : NextItemModel("gru4rec", scope, context,
                      {context.options.gru.hidden, context.options.gru.bias}),
        table_(item_table(scope, sequence(), context, 0)) {
    const GruOptions& own = context.options.gru;
    for (int64_t l = 0; l < own.layers; ++l)
      layers_.emplace_back(scope / "gru" / l, l == 0 ? item_width(context) : own.hidden, own.hidden,
                           own.bias);
  }

 protected:
  Var encode(const Tensor& ids) const override {
    Var h = gather(table_, ids);  // [B, T, D]
    for (const GruLayer& layer : layers_) h = layer(h);
    return h;  // [B, T, H]
  }

 private:
  const Parameter& table_;
  std::vector<GruLayer> layers_;
};

}  // namespace

ModelInfo model_gru4rec() {
  return {
      .name = "gru4rec",
      .title = "a recurrent network over a sequence of items tells what follows",
      .paper = "Hidasi et al., ICLR 2016",
      .make = [](const Scope& scope,
                 const ModelContext& context) { return std::make_unique<Gru4Rec>(scope, context); },
      .preset = [](ModelOptions& o) { o.embedding_deviation = 0.02; },
      .shrink =
          [](ModelOptions& o) {
            o.embedding_dim = 6;
            o.gru.hidden = 9;
          },
      .variants = {{"two layers, no biases",
                    [](ModelOptions& o) {
                      o.gru.layers = 2;
                      o.gru.bias = false;
                    }},
                   {"bpr-max over the batch's items",
                    [](ModelOptions& o) {
                      o.next_item.loss = "bpr-max";
                      o.next_item.sampler = "in-batch";
                      o.next_item.bpr_elu = 0.5;
                      o.next_item.bpr_penalty = 0.01;
                    }}},
      .needs_sequences = true,
      .learns_sequences = true};
}

}  // namespace ctr
