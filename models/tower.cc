#include "models/tower.h"

namespace ctr {

Tower::Tower(const Scope& scope, const ModelContext& context)
    : scope_(scope),
      options_(context.options),
      embedding_(std::make_unique<Embedding>(scope, context)) {
  if (options_.linear == "apg")
    condition_ = std::make_unique<Condition>(scope, context, *embedding_);
}

Mlp Tower::mlp(int64_t in) const { return mlp(in, mlp_options(options_)); }

Mlp Tower::mlp(int64_t in, const MlpOptions& shape) const {
  return Mlp(scope_, in, shape, options_.apg, shape.linear == "apg" ? condition_.get() : nullptr);
}

}  // namespace ctr
