#include "models/layers/target_attention.h"

#include "ops/activation/activation.h"
#include "ops/elementwise/elementwise.h"
#include "ops/linear/linear.h"
#include "ops/sequence/sequence.h"
#include "ops/shaping/shaping.h"
#include "ops/softmax/softmax.h"

namespace ctr {

TargetAttention::TargetAttention(const Scope& scope, const ModelContext& context,
                                 const Tower& tower, int64_t width)
    : softmax_(context.options.din.softmax),
      output_(*activation_called(context.options.din.attention_output_activation)) {
  const DinOptions& own = context.options.din;
  MlpOptions shape = mlp_options(context.options);
  shape.name = scope.path();
  shape.head = scope.path() + "/head";
  shape.units = own.attention_units;
  shape.activation = own.attention_activation;
  shape.dropout = own.attention_dropout;
  shape.batch_norm = false;
  shape.linear = "plain";  // its rows are places of sequences, a condition's are rows of the batch
  mlp_ = std::make_unique<Mlp>(tower.mlp(4 * width, shape));
}

Var TargetAttention::operator()(const SequenceBatch& batch) const {
  const int64_t rows = batch.history.dim(0), length = batch.history.dim(1);
  Var scores = (*mlp_)(target_features(batch.target, batch.history));  // [B T, 1]
  Var a = reshape(activate(scores, output_), {rows, length});          // a_t           [B, T]
  if (softmax_) {
    a = masked_softmax(a, batch.mask);
  } else {
    a = a * Var(batch.mask.cast(a.dtype()));
  }
  Var sum = batched_matmul(reshape(a, {rows, 1, length}), batch.history);  // [B, 1, E]
  return reshape(sum, {rows, batch.history.dim(2)});
}

}  // namespace ctr
