// Product-based neural network (Qu et al., ICDM 2016, eq. 2 to 4; kernels of outer products as in
// DeepCTR).   logit = MLP([v_1 … v_F, <v_i, v_j> …, v_jᵀ K_ij v_i …])

#include "models/layers/outer_products.h"
#include "models/model.h"
#include "models/tower.h"
#include "ops/fields/pairs.h"
#include "ops/shaping/shaping.h"

namespace ctr {
namespace {

class Pnn : public Model {
 public:
  Pnn(const Scope& scope, const ModelContext& context)
      : inner_(context.options.pnn.pnn_product != "outer"),
        tower_(scope, context),
        outer_(outer_products(scope, context.options.pnn)),
        mlp_(tower_.mlp(input_width())) {}

  Var logit(const Batch& batch) const override {
    Var v = tower_.embedding().fields(batch);                   // v_i              [B, F, D]
    std::vector<Var> x{flatten(v)};                             // [v_1 … v_F]      [B, F D]
    if (inner_) x.push_back(pairwise_inner(v));                 // <v_i, v_j>       [B, P]
    if (outer_) x.push_back((*outer_)(v));                      // v_jᵀ K_ij v_i    [B, P]
    Var input = tower_.embedding().with_raw(concat(x), batch);  // side by side
    return mlp_(input, batch);                                  // logit            [B, 1]
  }

 private:
  std::unique_ptr<OuterProducts> outer_products(const Scope& scope,
                                                const PnnOptions& options) const {
    if (options.pnn_product == "inner") return nullptr;
    const Embedding& v = tower_.embedding();
    return std::make_unique<OuterProducts>(scope / "outer", options.pnn_kernel, v.count(),
                                           v.vector_width());
  }
  int64_t input_width() const {
    const Embedding& v = tower_.embedding();
    return v.width() + (inner_ ? pair_count(v.count()) : 0) + (outer_ ? outer_->width() : 0);
  }

  bool inner_;
  Tower tower_;
  std::unique_ptr<OuterProducts> outer_;
  Mlp mlp_;
};

ModelVariant outer(const char* kernel) {
  return {std::string("outer ") + kernel, [kernel](ModelOptions& o) {
            o.pnn.pnn_product = "outer";
            o.pnn.pnn_kernel = kernel;
          }};
}

}  // namespace

ModelInfo model_pnn() {
  return {.name = "pnn",
          .title = "an MLP over embeddings and the products of all pairs",
          .paper = "Qu et al., ICDM 2016",
          .make = [](const Scope& scope,
                     const ModelContext& context) { return std::make_unique<Pnn>(scope, context); },
          .criteo =
              [](ModelOptions& o) {
                o.hidden_units = {1000, 1000};
              },
          .variants = {outer("mat"),
                       outer("vec"),
                       outer("num"),
                       outer("superposed"),
                       {"both, raw numbers",
                        [](ModelOptions& o) {
                          o.pnn.pnn_product = "both";
                          o.numeric = "raw";
                        }}},
          .peer = {.model = "PNN", .options = {{"product_type", {"pnn_product"}}}}};
}

}  // namespace ctr
