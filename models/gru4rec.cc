// GRU4Rec (Hidasi et al., ICLR 2016), on whole sequences or an item at a time.
//   h_t = GRU(E[x_t], h_{t−1}), h_0 = 0        z_t = W h_t + c

#include <algorithm>

#include "engine/check.h"
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

  // One place on: x [B, I], h [B, H] → h' [B, H]
  Var step(const Var& x, const Var& h) const {
    return gru_step(linear(x, *w_ih_, of(b_ih_)), linear(h, *w_hh_, of(b_hh_)), h);
  }

  // x [B, T, I] → [B, T, H]. With `present` [B, T], 0 or 1, the state waits at 0 until the first 1.
  Var operator()(const Var& x, const Tensor& present = {}) const {
    const int64_t rows = x.dim(0), length = x.dim(1), gates = 3 * hidden_;
    const Var flat = reshape(x, {rows * length, x.dim(2)});
    const Var all = reshape(linear(flat, *w_ih_, of(b_ih_)), {rows, length, gates});
    Var h(Tensor::zeros({rows, hidden_}, x.dtype()));
    std::vector<Var> pieces;  // of the states
    int64_t place = 0;
    for (const Var& piece : split(all, piece_lengths(length), 1)) {
      const std::vector<int64_t> ones(static_cast<size_t>(piece.dim(1)), 1);
      std::vector<Var> states;
      for (const Var& step : split(piece, ones, 1)) {                                 // [B, 1, 3 H]
        h = gru_step(reshape(step, {rows, gates}), linear(h, *w_hh_, of(b_hh_)), h);  // [B, H]
        if (present.defined()) h = h * Var(column(present, place++));
        states.push_back(reshape(h, {rows, 1, hidden_}));
      }
      pieces.push_back(concat(states, 1));
    }
    return concat(pieces, 1);
  }

  int64_t hidden() const { return hidden_; }

 private:
  // Of T places: short lists of steps need no memory of their own.
  static std::vector<int64_t> piece_lengths(int64_t length) {
    constexpr int64_t kPiece = 16;
    std::vector<int64_t> lengths;
    for (int64_t begin = 0; begin < length; begin += kPiece)
      lengths.push_back(std::min(kPiece, length - begin));
    return lengths;
  }
  // Column `place` of [B, T], as wide as the state.
  Tensor column(const Tensor& matrix, int64_t place) const {
    const int64_t rows = matrix.dim(0), cols = matrix.dim(1);
    Tensor result({rows, hidden_}, matrix.dtype());
    visit_float(matrix.dtype(), "gru4rec", [&](auto zero) {
      using T = decltype(zero);
      for (int64_t b = 0; b < rows; ++b)
        std::fill_n(result.data<T>() + b * hidden_, hidden_, matrix.data<T>()[b * cols + place]);
    });
    return result;
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
        table_(item_table(scope, sequence(), context, 0)),
        lanes_(context.options.gru.lanes) {
    const GruOptions& own = context.options.gru;
    const NextItemOptions& next = context.options.next_item;
    CTR_CHECK(lanes_ == 0 || (next.target_field.empty() && !next.padding_is_item),
              "gru4rec: lanes learn what follows in the sequence itself, without padding; leave {} "
              "or --gru-lanes out",
              next.padding_is_item ? "--next-padding-is-item" : "--next-target-field");
    for (int64_t l = 0; l < own.layers; ++l)
      layers_.emplace_back(scope / "gru" / l, l == 0 ? item_width(context) : own.hidden, own.hidden,
                           own.bias);
  }

  bool learns_by_place() const override { return lanes_ > 0; }
  std::vector<Batch> place_by_place(const Batch& batch) const override {
    std::vector<Batch> all;
    if (lanes_ == 0) return all;
    for (const LaneStep& step : lane_steps(sequence().followed(batch), lanes_))
      all.push_back(sequence().at_places(step, batch));
    return all;
  }

 protected:
  // Learnt an item at a time, the state has never seen what stands before a sequence.
  Var encode(const Tensor& ids) const override {
    Var h = gather(table_, ids);  // [B, T, D]
    const Tensor present = lanes_ > 0 ? items_among(ids) : Tensor();
    for (const GruLayer& layer : layers_) h = layer(h, present);
    return h;  // [B, T, H]
  }

  // As in lanes: nothing is told before a sequence's first item.
  Places taught(const Tensor& ids) const override {
    Places places = NextItemModel::taught(ids);
    for (int64_t i = 0; lanes_ > 0 && i < places.ids.count(); ++i)
      if (places.ids.data<int64_t>()[i] == 0) places.target.data<int64_t>()[i] = 0;
    return places;
  }

  // What the lanes carry is a constant: gradients are of one step.
  Var encode_on(const Tensor& ids, const Tensor& begins) const override {
    const int64_t rows = ids.dim(0);
    Var h = gather(table_, ids.reshaped({rows}));  // [B, D]
    carried_.resize(layers_.size());
    for (size_t l = 0; l < layers_.size(); ++l) {
      h = layers_[l].step(h, Var(state_before(carried_[l], begins)));
      carried_[l] = h.value();
    }
    return reshape(h, {rows, 1, h.dim(1)});
  }

 private:
  Tensor items_among(const Tensor& ids) const {
    Tensor present(ids.shape(), table_.value.dtype());
    visit_float(present.dtype(), "gru4rec", [&](auto zero) {
      using T = decltype(zero);
      for (int64_t i = 0; i < ids.count(); ++i)
        present.data<T>()[i] = ids.data<int64_t>()[i] == 0 ? T(0) : T(1);
    });
    return present;
  }
  // 0 where a sequence begins.
  Tensor state_before(const Tensor& carried, const Tensor& begins) const {
    const int64_t rows = begins.count(), width = layers_[0].hidden();
    if (!carried.defined() || carried.dim(0) != rows)
      return Tensor::zeros({rows, width}, table_.value.dtype());
    Tensor state = carried.clone();
    visit_float(state.dtype(), "gru4rec", [&](auto zero) {
      for (int64_t b = 0; b < rows; ++b)
        if (begins.data<int64_t>()[b] != 0)
          std::fill_n(state.data<decltype(zero)>() + b * width, width, zero);
    });
    return state;
  }

  const Parameter& table_;
  int64_t lanes_;
  std::vector<GruLayer> layers_;
  mutable std::vector<Tensor> carried_;  // of each layer [lanes, H], since the last step
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
                   {"an item at a time", [](ModelOptions& o) { o.gru.lanes = 3; }},
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
