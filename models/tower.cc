#include "models/tower.h"

namespace ctr {

Tower::Tower(const Scope& scope, const ModelContext& context) : embedding_(scope, context) {
  if (context.options.linear == "apg")
    condition_ = std::make_unique<Condition>(scope, context, embedding_);
  mlp_ = std::make_unique<Mlp>(
      scope, embedding_.width(), context.options,
      condition_ ? std::span<const int64_t>(condition_->widths()) : std::span<const int64_t>());
}

Var Tower::deep(const Var& x, const Batch& batch) const {
  if (!condition_) return (*mlp_)(x);
  const std::vector<BatchCondition> z = (*condition_)(batch);
  return (*mlp_)(x, z);
}

}  // namespace ctr
