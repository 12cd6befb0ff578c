#pragma once

#include <memory>

#include "models/model.h"

namespace ctr {

// The model `mlp`: logit = MLP([v_1 … v_F]), whose layers are those of --linear.
std::unique_ptr<Model> make_mlp(const Scope& scope, const ModelContext& context);

}  // namespace ctr
