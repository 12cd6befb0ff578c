#include "models/layers/cross_layer.h"

#include <cmath>

#include "ops/activation/activation.h"
#include "ops/cross/cross.h"
#include "ops/elementwise/elementwise.h"
#include "ops/linear/linear.h"
#include "ops/shaping/shaping.h"
#include "ops/softmax/softmax.h"

namespace ctr {
namespace {

class VectorCross : public CrossLayer {
 public:
  VectorCross(const Scope& scope, int64_t d)
      : w_(scope.parameter("weight", {1, d}, Initializer::xavier_normal(d, 1))),
        b_(scope.parameter("bias", {d}, Initializer::zeros())) {}

  Var operator()(const Var& x0, const Var& x) const override { return cross_vector(x0, x, w_, b_); }

 private:
  const Parameter& w_;
  const Parameter& b_;
};

class FullCross : public CrossLayer {
 public:
  FullCross(const Scope& scope, int64_t d)
      : w_(scope.parameter("weight", {d, d}, Initializer::xavier_normal(d, d))),
        b_(scope.parameter("bias", {d}, Initializer::zeros())) {}

  Var operator()(const Var& x0, const Var& x) const override {
    return multiply_add(x0, linear(x, w_, b_), x);
  }

 private:
  const Parameter& w_;
  const Parameter& b_;
};

class LowRankCross : public CrossLayer {
 public:
  LowRankCross(const Scope& scope, int64_t d, int64_t r)
      : u_(scope.parameter("u", {d, r}, Initializer::xavier_normal(d, r))),
        v_(scope.parameter("v", {d, r}, Initializer::xavier_normal(d, r))),
        b_(scope.parameter("bias", {d}, Initializer::zeros())) {}

  Var operator()(const Var& x0, const Var& x) const override {
    return multiply_add(x0, linear(matmul(x, v_), u_, b_), x);  // U Vᵀ x + b
  }

 private:
  const Parameter& u_;
  const Parameter& v_;
  const Parameter& b_;
};

// Vectors γ_k, [1, D] each, stacked.
std::vector<const Parameter*> gates(const Scope& scope, int64_t d, int64_t experts) {
  std::vector<const Parameter*> all;
  for (int64_t k = 0; k < experts; ++k)
    all.push_back(
        &(scope / "gate").parameter(std::to_string(k), {1, d}, Initializer::xavier_normal(d, 1)));
  return all;
}

class MixtureCross : public CrossLayer {
 public:
  MixtureCross(const Scope& scope, int64_t d, int64_t r, int64_t experts,
               std::vector<const Parameter*> gates)
      : d_(d), r_(r), gates_(std::move(gates)) {
    // Fans of a [K, a, b] tensor: a b and K b.
    auto of = [&](int64_t a) { return Initializer::xavier_normal(a * r, experts * r); };
    u_ = &scope.parameter("u", {experts, d, r}, of(d));
    v_ = &scope.parameter("v", {experts, d, r}, of(d));
    c_ = &scope.parameter("c", {experts, r, r}, of(r));
    b_ = &scope.parameter("bias", {d}, Initializer::zeros());
  }

  Var operator()(const Var& x0, const Var& x) const override {
    const size_t experts = gates_.size();
    std::vector<Var> gamma;
    for (const Parameter* gate : gates_) gamma.emplace_back(*gate);
    Var g = softmax(linear(x, concat(gamma, 0)));                              // [B, K]
    Var projected = activate(matmul(x, side_by_side(*v_)), Activation::tanh);  // [B, K r]
    const std::vector<int64_t> ones(experts, 1), widths(experts, r_);
    const std::vector<Var> v = split(projected, widths), weight = split(g, ones),
                           c = split(*c_, ones, 0);
    std::vector<Var> h;  // g_k tanh(C_k tanh(V_kᵀ x))   [B, r] each
    for (size_t k = 0; k < experts; ++k) {
      Var inner = linear(v[k], reshape(c[k], {r_, r_}), Var(), {Activation::tanh});
      h.push_back(scale_rows(inner, weight[k]));
    }
    return multiply_add(x0, linear(concat(h), side_by_side(*u_), *b_), x);
  }

 private:
  // [K, D, r] as the experts' matrices side by side, [D, K r].
  Var side_by_side(const Parameter& stacked) const {
    const std::vector<int64_t> ones(gates_.size(), 1);
    std::vector<Var> parts = split(stacked, ones, 0);
    for (Var& part : parts) part = reshape(part, {d_, r_});
    return concat(parts);
  }

  int64_t d_, r_;
  std::vector<const Parameter*> gates_;
  const Parameter* u_;
  const Parameter* v_;
  const Parameter* c_;
  const Parameter* b_;
};

class GatedCross : public CrossLayer {
 public:
  GatedCross(const Scope& scope, int64_t d)
      : w_(scope.parameter("weight", {d, d}, Initializer::xavier_normal(d, d))),
        g_(scope.parameter("gate", {d, d}, Initializer::xavier_normal(d, d))),
        b_(scope.parameter("bias", {d}, Initializer::zeros())) {}

  Var operator()(const Var& x0, const Var& x) const override {
    Var gate = linear(x, g_, Var(), {Activation::sigmoid});
    return multiply_add(x0, linear(x, w_, b_) * gate, x);
  }

 private:
  const Parameter& w_;
  const Parameter& g_;
  const Parameter& b_;
};

}  // namespace

Var CrossNetwork::operator()(const Var& x0) const {
  Var x = x0;
  for (const auto& layer : layers_) x = (*layer)(x0, x);
  return x;
}

CrossNetwork vector_cross(const Scope& scope, int64_t width, int64_t layers) {
  CrossNetwork network;
  for (int64_t l = 0; l < layers; ++l)
    network.add(std::make_unique<VectorCross>(scope / "cross" / l, width));
  return network;
}

CrossNetwork matrix_cross(const Scope& scope, int64_t width, const CrossOptions& options) {
  const Scope all = scope / "cross";
  const bool mixture = options.kernel == "mixture";
  std::vector<const Parameter*> shared;
  if (mixture && options.gates == "shared") shared = gates(all, width, options.experts);
  CrossNetwork network;
  for (int64_t l = 0; l < options.layers; ++l) {
    const Scope own = all / l;
    if (mixture) {
      network.add(std::make_unique<MixtureCross>(
          own, width, options.rank, options.experts,
          shared.empty() ? gates(own, width, options.experts) : shared));
    } else if (options.kernel == "low_rank") {
      network.add(std::make_unique<LowRankCross>(own, width, options.rank));
    } else {
      network.add(std::make_unique<FullCross>(own, width));
    }
  }
  return network;
}

CrossNetwork gated_cross(const Scope& scope, int64_t width, int64_t layers) {
  CrossNetwork network;
  for (int64_t l = 0; l < layers; ++l)
    network.add(std::make_unique<GatedCross>(scope / "cross" / l, width));
  return network;
}

}  // namespace ctr
