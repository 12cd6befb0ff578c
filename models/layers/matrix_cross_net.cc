#include "models/layers/matrix_cross_net.h"

#include "ops/activation/activation.h"
#include "ops/cross/cross.h"
#include "ops/elementwise/elementwise.h"
#include "ops/linear/linear.h"
#include "ops/shaping/shaping.h"
#include "ops/softmax/softmax.h"

namespace ctr {
namespace {

// [K, N, M] → [N, K M]: matrices beside each other.
Var side_by_side(const Var& w) {
  const int64_t k = w.dim(0), n = w.dim(1), m = w.dim(2);
  return reshape(swap_middle(reshape(w, {1, k, n, m})), {n, k * m});
}

// y_k = x_k C_kᵀ for x [B, K, R], C [K, R, R].
Var by_expert(const Var& x, const Var& c) {
  const int64_t rows = x.dim(0), k = x.dim(1), r = x.dim(2);
  const Var in = reshape(swap_middle(reshape(x, {1, rows, k, r})), {k, rows, r});
  const Var out = tanh(batched_matmul(in, c, Transpose::yes));
  return reshape(swap_middle(reshape(out, {1, k, rows, r})), {rows, k, r});
}

}  // namespace

MatrixCrossNet::MatrixCrossNet(const Scope& scope, int64_t width, const CrossOptions& options)
    : width_(width), rank_(options.rank), experts_(options.experts) {
  const bool gated = options.kernel == "mixture";
  const Gates shared = gated && options.gates == "shared" ? make_gates(scope / "gate") : Gates();
  for (int64_t l = 0; l < options.layers; ++l) {
    layers_.push_back(make_layer(scope / l, options));
    if (gated) layers_.back().gates = shared.empty() ? make_gates(scope / l / "gate") : shared;
  }
}

MatrixCrossNet::Gates MatrixCrossNet::make_gates(const Scope& scope) const {
  Gates gates;
  for (int64_t k = 0; k < experts_; ++k)
    gates.push_back(
        &(scope / k).parameter("weight", {1, width_}, Initializer::xavier_normal(width_, 1)));
  return gates;
}

MatrixCrossNet::Layer MatrixCrossNet::make_layer(const Scope& scope,
                                                 const CrossOptions& options) const {
  const int64_t d = width_, r = rank_, k = experts_;
  Layer layer;
  if (options.kernel == "full") {
    layer.weight = &scope.parameter("weight", {d, d}, Initializer::xavier_normal(d, d));
  } else if (options.kernel == "low_rank") {
    layer.u = &scope.parameter("u", {d, r}, Initializer::xavier_normal(r, d));
    layer.v = &scope.parameter("v", {d, r}, Initializer::xavier_normal(d, r));
  } else {
    layer.u = &scope.parameter("u", {k, d, r}, Initializer::xavier_normal(d * r, k * r));
    layer.v = &scope.parameter("v", {k, d, r}, Initializer::xavier_normal(d * r, k * r));
    layer.c = &scope.parameter("c", {k, r, r}, Initializer::xavier_normal(r * r, k * r));
  }
  layer.bias = &scope.parameter("bias", {d}, Initializer::zeros());
  return layer;
}

// The gates sum up to 1, so all experts share one product with their U side by side.
Var MatrixCrossNet::mixture(const Layer& layer, const Var& x0, const Var& x) const {
  const int64_t rows = x.dim(0), k = experts_, r = rank_;
  std::vector<Var> vectors;
  for (const Parameter* gate : layer.gates) vectors.emplace_back(*gate);
  const Var gates = softmax(linear(x, concat(vectors, 0)));  // g   [B, K]
  Var h = linear(x, side_by_side(*layer.v), Var(),
                 {Activation::tanh, WeightLayout::in_out});                     //     [B, K R]
  h = scale_rows(by_expert(reshape(h, {rows, k, r}), *layer.c), gates);         //     [B, K, R]
  return cross_matrix(x0, flatten(h), side_by_side(*layer.u), *layer.bias, x);  //     [B, D]
}

Var MatrixCrossNet::operator()(const Var& x0) const {
  Var x = x0;
  for (const Layer& l : layers_) {
    if (l.weight != nullptr) {
      x = cross_matrix(x0, x, *l.weight, *l.bias, x);
    } else if (l.c == nullptr) {
      x = cross_matrix(x0, matmul(x, *l.v), *l.u, *l.bias, x);
    } else {
      x = mixture(l, x0, x);
    }
  }
  return x;
}

}  // namespace ctr
