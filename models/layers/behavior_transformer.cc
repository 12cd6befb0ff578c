#include "models/layers/behavior_transformer.h"

#include <cmath>

#include "engine/check.h"
#include "ops/elementwise/elementwise.h"
#include "ops/linear/linear.h"
#include "ops/shaping/shaping.h"

namespace ctr {
namespace {

// pe[t, 2i] = sin(t / 10000^(2i/D)), pe[t, 2i + 1] = cos of the same (Vaswani et al., 2017, §3.5).
// Writes into the parameter's memory.
void fill_sinusoids(Tensor values) {
  const int64_t width = values.dim(1);
  visit_float(values.dtype(), "positions", [&](auto zero) {
    using T = decltype(zero);
    for (int64_t i = 0; i < values.count(); ++i) {
      const double place = static_cast<double>(i / width);
      const int64_t k = i % width;
      const double angle = place * std::exp(static_cast<double>(k - k % 2) * -std::log(1e4) /
                                            static_cast<double>(width));
      values.data<T>()[i] = static_cast<T>(k % 2 == 0 ? std::sin(angle) : std::cos(angle));
    }
  });
}

// One more place at the end, which is seen: [B, T] → [B, T + 1].
Tensor with_target(const Tensor& mask) {
  const int64_t rows = mask.dim(0), length = mask.dim(1);
  Tensor all({rows, length + 1}, DType::i64);
  for (int64_t b = 0; b < rows; ++b) {
    for (int64_t t = 0; t <= length; ++t)
      all.data<int64_t>()[b * (length + 1) + t] =
          t == length ? 1 : mask.data<int64_t>()[b * length + t];
  }
  return all;
}

}  // namespace

BehaviorTransformer::BehaviorTransformer(const Scope& scope, int64_t width, int64_t position_width,
                                         int64_t places, double dropout, const BstOptions& options)
    : places_(places),
      width_(width + (options.positions ? position_width : 0)),
      pooling_(options.pooling) {
  if (options.positions) {
    positions_ = &scope.parameter("positions", {places, position_width}, Initializer::zeros());
    fill_sinusoids(positions_->value);
  }
  for (int64_t l = 0; l < options.blocks; ++l)
    blocks_.push_back(std::make_unique<TransformerBlock>(scope / l, width_, dropout, options));
}

Var BehaviorTransformer::pooled(const Var& x, const Tensor& mask) const {
  const int64_t rows = x.dim(0);
  if (pooling_ == "concat") return reshape(x, {rows, places_ * width_});
  if (pooling_ == "target") {
    const int64_t sizes[] = {places_ - 1, 1};
    return reshape(split(x, sizes, 1)[1], {rows, width_});
  }
  Tensor weights = mask.cast(x.dtype());  // of each place
  visit_float(x.dtype(), "pooling", [&](auto zero) {
    using T = decltype(zero);
    for (int64_t b = 0; pooling_ == "mean" && b < rows; ++b) {
      T* row = weights.data<T>() + b * places_;
      T count = T(0);
      for (int64_t t = 0; t < places_; ++t) count += row[t];
      for (int64_t t = 0; t < places_; ++t) row[t] /= count;
    }
  });
  return reshape(batched_matmul(Var(weights.reshaped({rows, 1, places_})), x), {rows, width_});
}

Var BehaviorTransformer::operator()(const SequenceBatch& batch) const {
  const int64_t rows = batch.history.dim(0), width = batch.history.dim(2);
  CTR_CHECK(batch.target.dim(1) == width && batch.history.dim(1) == places_ - 1,
            "bst: targets {} and their sequences {} must have one width and {} places",
            batch.target.shape(), batch.history.shape(), places_ - 1);
  Var x = concat({batch.history, reshape(batch.target, {rows, 1, width})}, 1);  // [B, L, E]
  if (positions_ != nullptr) {
    const Shape shape{rows, places_, positions_->value.dim(1)};
    const Var each = Var(Tensor::zeros(shape, x.dtype())) + Var(*positions_);  // [B, L, D]
    x = concat({x, each});                                                     // [B, L, E + D]
  }
  const Tensor mask = with_target(batch.mask);
  for (const auto& block : blocks_) x = (*block)(x, mask);  // [B, L, M]
  return pooled(x, mask);
}

}  // namespace ctr
