// Field-weighted factorization machine (Pan et al., WWW 2018, eq. 4 and section 3.2).
//   logit = w0 + linear + Σ_{i<j} r_ij <v_i, v_j>
//   linear = Σ w_i (LW), Σ <v_i, u_i> with a second vector u per id (FeLV), Σ <v_i, u_f> (FiLV)

#include "engine/check.h"
#include "models/layers/embedding.h"
#include "models/layers/linear_layer.h"
#include "models/model.h"
#include "ops/elementwise/elementwise.h"
#include "ops/fields/pairs.h"
#include "ops/linear/linear.h"
#include "ops/reduce/reduce.h"
#include "ops/shaping/shaping.h"

namespace ctr {
namespace {

class FwFm : public Model {
 public:
  FwFm(const Scope& scope, const ModelContext& context)
      : embedding_(scope, context),
        pairs_(scope / "interaction", pair_count(embedding_.count()), 1) {
    const std::string& kind = context.options.fwfm.fwfm_linear;
    if (kind == "lw") {
      per_id_ = std::make_unique<LinearTerm>(scope, context, false);
    } else if (kind == "felv") {
      CTR_CHECK(embedding_.raw_width() == 0,
                "fwfm: raw numbers have no vector to weigh; use --numeric embed or --fwfm-linear "
                "lw or filv");
      const std::vector<int64_t> fields = input_fields(context.schema);
      vectors_ = std::make_unique<Embedding>(scope, context, fields, "linear");
    } else {
      per_field_ = &(scope / "linear")
                        .parameter("weight", {1, embedding_.width()},
                                   Initializer::xavier_normal(embedding_.width(), 1));
    }
  }

  Var logit(const Batch& batch) const override {
    Var v = embedding_.fields(batch);       // v_i                  [B, F, D]
    Var pairs = pairs_(pairwise_inner(v));  // w0 + Σ r <v_i, v_j>  [B, 1]
    return pairs + linear_term(v, batch);   // logit                [B, 1]
  }

 private:
  Var linear_term(const Var& v, const Batch& batch) const {
    if (per_id_) return (*per_id_)(batch);
    if (per_field_ != nullptr) return linear(embedding_.with_raw(flatten(v), batch), *per_field_);
    return reshape(sum(flatten(v * vectors_->fields(batch)), 1), {batch.rows, 1});
  }

  Embedding embedding_;
  LinearLayer pairs_;                     // r_ij and w0
  std::unique_ptr<LinearTerm> per_id_;    // LW
  std::unique_ptr<Embedding> vectors_;    // FeLV
  const Parameter* per_field_ = nullptr;  // FiLV
};

}  // namespace

ModelInfo model_fwfm() {
  return {
      .name = "fwfm",
      .title = "factorization machine with a weight for each pair of fields",
      .paper = "Pan et al., WWW 2018",
      .make = [](const Scope& scope,
                 const ModelContext& context) { return std::make_unique<FwFm>(scope, context); },
      .criteo = [](ModelOptions& o) { o.fwfm.fwfm_linear = "lw"; },
      .variants = {{"lw", [](ModelOptions& o) { o.fwfm.fwfm_linear = "lw"; }},
                   {"felv", [](ModelOptions& o) { o.fwfm.fwfm_linear = "felv"; }},
                   {"raw numbers", [](ModelOptions& o) { o.numeric = "raw"; }}},
      .peer = {.model = "FwFM",
               .options = {{"linear_type", {"fwfm_linear"}}},
               .parameters = {
                   {R"(interaction_weight\.(weight|bias))", "interaction/$1"},
                   {R"(linear_weight_layer\.weight)", "linear/weight"},
                   {R"(linear_weight_layer\..*embedding_layers\.(\w+)\.weight)", "linear/$1"}}}};
}

}  // namespace ctr
