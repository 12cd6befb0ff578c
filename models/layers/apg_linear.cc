#include "models/layers/apg_linear.h"

#include <algorithm>

#include "engine/check.h"
#include "engine/profile.h"
#include "ops/activation/activation.h"
#include "ops/elementwise/elementwise.h"
#include "ops/gather/gather.h"
#include "ops/linear/linear.h"
#include "ops/shaping/shaping.h"

namespace ctr {

Hypernet::Hypernet(const Scope& scope, int64_t in, const IntList& hidden, int64_t out) {
  for (size_t i = 0; i <= hidden.size(); ++i) {
    int64_t width = i < hidden.size() ? hidden[i] : out;
    layers_.emplace_back(scope / static_cast<int64_t>(i), in, width);
    in = width;
  }
}

Var Hypernet::operator()(const Var& z) const {
  Var x = z;
  for (size_t i = 0; i < layers_.size(); ++i) {
    x = layers_[i](x, i + 1 < layers_.size() ? Activation::relu : Activation::identity);
  }
  return x;
}

ApgLinear::ApgLinear(const Scope& scope, int64_t in, int64_t out,
                     std::span<const int64_t> conditions, const ApgOptions& options, int64_t rank_k,
                     int64_t overparam_p)
    : scope_(scope),
      in_(in),
      out_(out),
      rank_(rank_k),
      generate_(options.generate),
      decompose_(options.decompose),
      generate_bias_(options.generate_bias),
      sum_outputs_(options.aggregation == "sum"),
      max_generated_mb_(options.max_generated_mb) {
  if (generate_ != "full") {
    CTR_CHECK(
        rank_k >= 1 && rank_k <= std::min(in, out),
        "apg: K must lie between 1 and the smaller side of the layer [{},{}], got {}; set --rank-k",
        in, out, rank_k);
    CTR_CHECK(overparam_p == 0 || overparam_p >= rank_k,
              "apg: P must be at least K = {}, got {}; set --overparam-p", rank_k, overparam_p);
  }
  CTR_CHECK(overparam_p == 0 || generate_ == "s",
            "apg: over-parameterisation needs shared U and V; use --generate s or "
            "--overparam-p");
  if (conditions.size() <= 1) {
    generators_.push_back(generators(scope, "hyper", conditions.empty() ? in : conditions[0],
                                     options.hypernet_hidden_units));
  }
  for (size_t j = 0; j < conditions.size() && conditions.size() > 1; ++j) {
    generators_.push_back(generators(scope, "hyper" + std::to_string(j), conditions[j],
                                     options.hypernet_hidden_units));
  }
  if (generate_ == "s") {
    u_ = factor(scope, "u", in, rank_k, overparam_p);
    v_ = factor(scope, "v", rank_k, out, overparam_p);
  }
  if (!generate_bias_) bias_ = &scope.parameter("bias", {out}, Initializer::zeros());
}

ApgLinear::Factor ApgLinear::factor(const Scope& scope, const std::string& name, int64_t rows,
                                    int64_t cols, int64_t inner) const {
  Factor result;
  if (inner == 0) {
    result.whole = &scope.parameter(name, {rows, cols}, Initializer::xavier_normal(rows, cols));
  } else {
    result.left =
        &scope.parameter(name + "_l", {rows, inner}, Initializer::xavier_normal(rows, inner));
    result.right =
        &scope.parameter(name + "_r", {inner, cols}, Initializer::xavier_normal(inner, cols));
  }
  return result;
}

// U = U_l U_r: part of the graph while something records, folded once per set of weights otherwise.
Var ApgLinear::value_of(const Factor& factor) const {
  if (factor.whole != nullptr) return *factor.whole;
  if (Tape::current() != nullptr) return matmul(*factor.left, *factor.right);
  if (factor.version != scope_.mode().weights_version) {
    factor.folded = matmul(*factor.left, *factor.right).value();
    factor.version = scope_.mode().weights_version;
  }
  return Var(factor.folded);
}

ApgLinear::Generators ApgLinear::generators(const Scope& scope, const std::string& prefix,
                                            int64_t width, const IntList& hidden) const {
  auto net = [&](const std::string& name, int64_t out) {
    return std::make_unique<Hypernet>(scope / name, width, hidden, out);
  };
  const int64_t bias = generate_bias_ ? out_ : 0;
  Generators result;
  if (generate_ == "full") result.all = net(prefix, bias + in_ * out_);
  if (generate_ == "s") result.all = net(prefix, bias + rank_ * rank_);
  if (generate_ == "usv") {
    result.u = net(prefix + "_u", in_ * rank_);
    result.s = net(prefix + "_s", bias + rank_ * rank_);
    result.v = net(prefix + "_v", rank_ * out_);
  }
  return result;
}

// Asked before the first allocation: B·N·M numbers are soon more than a machine has.
void ApgLinear::check_size(int64_t rows) const {
  bool whole = generate_ == "full" || (generate_ == "usv" && !decompose_);
  int64_t each = whole                ? in_ * out_
                 : generate_ == "usv" ? in_ * rank_ + rank_ * rank_ + rank_ * out_
                                      : rank_ * rank_;
  int64_t megabytes = rows * each * static_cast<int64_t>(size_of(scope_.dtype())) / (1 << 20);
  CTR_CHECK(
      megabytes <= max_generated_mb_,
      "apg: generating weights for {} conditions of a layer [{},{}] needs {} MB, more than {} MB; "
      "use --generate s, a "
      "smaller --batch-size, or raise --max-generated-mb",
      rows, in_, out_, megabytes, max_generated_mb_);
}

Var ApgLinear::generated(const Var& h, const BatchCondition& condition,
                         const Generators& generators, const Var& shared_bias,
                         Activation activation) const {
  const Var& z = condition.z;
  const RowGroups& groups = condition.rows;
  const int64_t rows = z.dim(0);  // of h, or distinct conditions
  check_size(rows);
  Var core =
      generators.all ? (*generators.all)(z) : (*generators.s)(z);  // W or S, the bias before it
  profile_generated(core.value().bytes());
  Var bias = shared_bias;
  if (generate_bias_) {
    std::vector<int64_t> sizes{out_, core.dim(1) - out_};
    std::vector<Var> parts = split(core, sizes);
    bias = groups.defined() ? gather(parts[0], groups.of) : parts[0];
    core = parts[1];
  }
  auto times = [&](const Var& x, const Var& w, int64_t out) {  // x W(z)
    return groups.defined() ? grouped_matmul(x, reshape(w, {rows, x.dim(1), out}), groups)
                            : row_matmul(x, w, out);
  };
  Var y;
  if (generate_ == "full") {
    y = times(h, core, out_);
  } else if (generate_ == "s") {  // ((h U) S(z)) V + b: a shared bias rides on the product
    const bool whole = !generate_bias_;
    y = apg_decomposed_linear(h, value_of(u_), core, value_of(v_), whole ? bias : Var(),
                              whole ? activation : Activation::identity, groups);
    if (whole) return y;
  } else {
    Var u = (*generators.u)(z);
    Var v = (*generators.v)(z);
    profile_generated(u.value().bytes() + v.value().bytes());
    if (decompose_) {
      y = times(times(times(h, u, rank_), core, rank_), v, out_);  // ((h U) S) V
    } else {
      Var us = batched_matmul(reshape(u, {rows, in_, rank_}), reshape(core, {rows, rank_, rank_}));
      Var w = batched_matmul(us, reshape(v, {rows, rank_, out_}));
      profile_generated(w.value().bytes());
      y = times(h, w, out_);  // h (U S V)
    }
  }
  return activate(bias.defined() ? y + bias : y, activation);
}

Var ApgLinear::operator()(const Var& h, std::span<const BatchCondition> conditions,
                          Activation activation) const {
  const Var bias = bias_ != nullptr ? Var(*bias_) : Var();
  if (conditions.empty()) return generated(h, {h, {}}, generators_[0], bias, activation);
  if (generators_.size() == 1) return generated(h, conditions[0], generators_[0], bias, activation);
  Var y;
  for (size_t j = 0; j < generators_.size(); ++j) {
    const Var part = generated(h, conditions[j], generators_[j], Var(), Activation::identity);
    y = y.defined() ? y + part : part;
  }
  if (!sum_outputs_) y = scale(y, 1.0 / static_cast<double>(generators_.size()));
  return activate(bias.defined() ? y + bias : y, activation);
}

}  // namespace ctr
