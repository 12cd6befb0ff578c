#include "models/tower.h"

#include "engine/check.h"

namespace ctr {

Tower::Tower(const Scope& scope, const ModelContext& context)
    : scope_(scope),
      options_(context.options),
      domains_(context.schema.domains),
      embedding_(std::make_unique<Embedding>(scope, context)) {
  if (options_.linear == "apg")
    condition_ = std::make_unique<Condition>(scope, context, *embedding_);
  CTR_CHECK(options_.linear != "mlora" || context.schema.index_of(FieldRole::domain) >= 0,
            "mlora: data set '{}' marks no domain field; adapters are learned per domain",
            context.schema.name);
  if (options_.linear == "mlora" && options_.mlora.experts > 0)
    gate_ = std::make_unique<DomainGate>(scope / "mlora", domains_, options_.mlora);
}

Mlp Tower::mlp(int64_t in) const { return mlp(in, mlp_options(options_)); }

Mlp Tower::mlp(int64_t in, const MlpOptions& shape) const {
  return Mlp(scope_, in, shape,
             {options_.apg, condition_.get(), options_.mlora, domains_, gate_.get()});
}

}  // namespace ctr
