// Factorization machine (Rendle, ICDM 2010, eq. 1).   logit = w0 + Σ w_i + Σ_{i<j} <v_i, v_j>

#include "models/layers/embedding.h"
#include "models/model.h"
#include "ops/elementwise/elementwise.h"
#include "ops/fields/fields.h"

namespace ctr {
namespace {

class Fm : public Model {
 public:
  Fm(const Scope& scope, const ModelContext& context)
      : linear_(scope, context, context.options.fm.linear_bias), embedding_(scope, context) {}

  Var logit(const Batch& batch) const override {
    Var v = embedding_.fields(batch);  // v_i           [B, F, D]
    return linear_(batch)              // w0 + Σ w_i    [B, 1]
           + fm_second_order(v);       // Σ <v_i, v_j>  [B, 1]
  }

 private:
  LinearTerm linear_;
  Embedding embedding_;
};

}  // namespace

ModelInfo model_fm() {
  return {.name = "fm",
          .title = "factorization machine: a weight per id, inner products of all pairs",
          .paper = "Rendle, ICDM 2010",
          .make = [](const Scope& scope,
                     const ModelContext& context) { return std::make_unique<Fm>(scope, context); },
          .variants = {{"no bias", [](ModelOptions& o) { o.fm.linear_bias = false; }}},
          .peer = {.model = "FM"}};
}

}  // namespace ctr
