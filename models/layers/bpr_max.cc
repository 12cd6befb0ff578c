#include "models/layers/bpr_max.h"

#include <algorithm>

#include "ops/activation/activation.h"
#include "ops/elementwise/elementwise.h"
#include "ops/gather/gather.h"
#include "ops/linear/linear.h"
#include "ops/reduce/reduce.h"
#include "ops/shaping/shaping.h"
#include "ops/softmax/softmax.h"

namespace ctr {
namespace {

Var plus(const Var& x, double number) {
  return x + Var(Tensor::full(x.shape(), x.dtype(), number));
}

Var elu(const Var& x, double a) {
  if (a == 0) return x;
  const Var negative = scale(relu(scale(x, -1)), -1);  // min(x, 0)
  return relu(x) + scale(plus(exp(negative), -1), a);
}

// 1 where the sampled item is not the row's own.
Tensor others(const Tensor& target, const Tensor& sample) {
  const int64_t rows = target.count(), items = sample.count();
  Tensor mask({rows, items}, DType::i64);
  for (int64_t n = 0; n < rows; ++n)
    for (int64_t j = 0; j < items; ++j)
      mask.data<int64_t>()[n * items + j] =
          sample.data<int64_t>()[j] != target.data<int64_t>()[n] ? 1 : 0;
  return mask;
}

// 1 / their number for rows that count, else 0: [N, 1].
Var shares(const Tensor& target, int64_t ignored, DType dtype) {
  const auto all = target.span<int64_t>();
  const auto count = std::ssize(all) - std::count(all.begin(), all.end(), ignored);
  Tensor share({target.count(), 1}, DType::f64);
  for (int64_t n = 0; n < target.count(); ++n)
    share.data<double>()[n] =
        all[static_cast<size_t>(n)] == ignored ? 0 : 1 / static_cast<double>(count);
  return Var(share.cast(dtype));
}

}  // namespace

Var bpr_max(const Var& h, const Var& table, const Var& bias, const Tensor& target,
            const Tensor& sample, const BprMaxOptions& options) {
  const int64_t rows = h.dim(0), items = sample.count();
  const DType dtype = h.dtype();
  Var shift, own = reshape(sum(h * gather(table, target), -1), {rows, 1});
  if (bias.defined()) {
    shift = reshape(gather(bias, sample), {items});
    own = own + reshape(gather(bias, target), {rows, 1});
  }
  own = elu(own, options.elu);                                              // r_y [N, 1]
  const Var r = elu(linear(h, gather(table, sample), shift), options.elu);  // r_j [N, S]
  const Var s = masked_softmax(r, others(target, sample));
  const Var each = scale_rows(Var(Tensor::full({rows, items}, dtype, 1)), own);  // r_y for all j
  const Var before = s * activate(each + scale(r, -1), Activation::sigmoid);
  Var loss = scale(log(plus(sum(before, -1), 1e-24)), -1);  // [N]
  if (options.penalty > 0) loss = loss + scale(sum(s * r * r, -1), options.penalty);
  const Var counted = reshape(loss, {rows, 1}) * shares(target, options.ignored, dtype);
  return sum(reshape(counted, {1, rows}), -1);
}

}  // namespace ctr
