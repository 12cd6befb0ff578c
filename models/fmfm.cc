// Field-matrixed factorization machine (Sun et al., WWW 2021, eq. 7 and 8).
//   logit = w0 + Σ w_i + Σ_{i<j} v_i M_ij v_jᵀ;   vector: M_ij is diagonal

#include "models/layers/embedding.h"
#include "models/model.h"
#include "ops/elementwise/elementwise.h"
#include "ops/fields/pairs.h"
#include "ops/reduce/reduce.h"
#include "ops/shaping/shaping.h"

namespace ctr {
namespace {

class FmFm : public Model {
 public:
  FmFm(const Scope& scope, const ModelContext& context)
      : diagonal_(context.options.fmfm.fmfm_weights == "vector"),
        linear_(scope, context, context.options.fm.linear_bias),
        embedding_(scope, context),
        weight_(pair_weights(scope / "interaction")) {}

  Var logit(const Batch& batch) const override {
    Var v = embedding_.fields(batch);                   // v_i             [B, F, D]
    Var pairs = diagonal_ ? pairwise_inner(v, weight_)  // v_i M_ij v_jᵀ   [B, P]
                          : pairwise_bilinear_inner(v, weight_);
    return linear_(batch) + reshape(sum(pairs, 1), {batch.rows, 1});  // logit        [B, 1]
  }

 private:
  // Torch's fans of [P, D] and [P, D, D].
  const Parameter& pair_weights(const Scope& scope) const {
    const int64_t pairs = pair_count(embedding_.count()), width = embedding_.vector_width();
    return diagonal_
               ? scope.parameter("weight", {pairs, width}, Initializer::xavier_normal(width, pairs))
               : scope.parameter("weight", {pairs, width, width},
                                 Initializer::xavier_normal(width * width, pairs * width));
  }

  bool diagonal_;
  LinearTerm linear_;
  Embedding embedding_;
  const Parameter& weight_;
};

}  // namespace

ModelInfo model_fmfm() {
  return {
      .name = "fmfm",
      .title = "factorization machine with a matrix for each pair of fields",
      .paper = "Sun et al., WWW 2021",
      .make = [](const Scope& scope,
                 const ModelContext& context) { return std::make_unique<FmFm>(scope, context); },
      .variants = {{"vector", [](ModelOptions& o) { o.fmfm.fmfm_weights = "vector"; }}},
      .peer = {.model = "FmFM",
               .options = {{"field_interaction_type",
                            {"fmfm_weights", {{"matrixed", "matrix"}, {"vectorized", "vector"}}}}},
               .parameters = {{"interaction_weight", "interaction/weight"}}}};
}

}  // namespace ctr
