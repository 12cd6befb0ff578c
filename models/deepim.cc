// DeepIM (Yu et al.: Deep Interaction Machine, CIKM 2020).
//   logit = w · [s_1 … s_n] + b + MLP([v_1 … v_F]),  s_k = Σ over all sets of k fields of ∏ v_f
// The products of up to n fields, coordinate by coordinate, summed over all sets of fields.

#include "models/layers/batch_norm.h"
#include "models/model.h"
#include "models/tower.h"
#include "ops/elementwise/elementwise.h"
#include "ops/fields/field_mixing.h"
#include "ops/shaping/shaping.h"

namespace ctr {
namespace {

class DeepIm : public Model {
 public:
  DeepIm(const Scope& scope, const ModelContext& context)
      : tower_(scope, context), order_(context.options.im.order) {
    const Scope own = scope / "interaction";
    const int64_t sums = order_ * tower_.embedding().vector_width();
    if (context.options.im.batch_norm) norm_ = std::make_unique<BatchNormLayer>(own / "bn", sums);
    head_ = std::make_unique<LinearLayer>(own / "head", sums, 1);
    if (context.options.im.dnn)
      mlp_ = std::make_unique<Mlp>(tower_.mlp(tower_.embedding().width()));
  }

  Var logit(const Batch& batch) const override {
    Var v = tower_.embedding().fields(batch);          // v_f                 [B, F, D]
    Var s = flatten(elementary_symmetric(v, order_));  // [s_1 … s_n]         [B, n D]
    Var machine = (*head_)(norm_ ? (*norm_)(s) : s);   // w · s + b           [B, 1]
    if (!mlp_) return machine;
    Var x = tower_.embedding().with_raw(flatten(v), batch);
    return machine + (*mlp_)(x, batch);  // MLP([v_1 … v_F])    [B, 1]
  }

 private:
  Tower tower_;
  int64_t order_;
  std::unique_ptr<BatchNormLayer> norm_;
  std::unique_ptr<LinearLayer> head_;
  std::unique_ptr<Mlp> mlp_;
};

std::vector<ModelVariant> variants() {
  return {{"order 5, batch norm",
           [](ModelOptions& o) {
             o.im.order = 5;
             o.im.batch_norm = true;
           }},
          {"order 2, without MLP",
           [](ModelOptions& o) {
             o.im.order = 2;
             o.im.dnn = false;
           }},
          {"raw numbers", [](ModelOptions& o) { o.numeric = "raw"; }}};
}

}  // namespace

ModelInfo model_deepim() {
  return {
      .name = "deepim",
      .title = "sums of products of up to n fields beside an MLP",
      .paper = "Yu et al., CIKM 2020",
      .make = [](const Scope& scope,
                 const ModelContext& context) { return std::make_unique<DeepIm>(scope, context); },
      .criteo =
          [](ModelOptions& o) {
            o.im.order = 3;
            o.im.batch_norm = true;
            o.hidden_units = {400, 400, 400};
            o.batch_norm = true;
          },
      .variants = variants(),
      .peer = {.model = "DeepIM",
               .defaults = {{"im_order", "2"}},
               .options = {{"im_order", {"im_order"}},
                           {"im_batch_norm", {"im_batch_norm"}},
                           {"net_batch_norm", {"batch_norm"}},
                           {"hidden_units", {"hidden_units", {{"null", "im_dnn=false"}}}}},
               .parameters = {{R"(im_layer\.bn\.(weight|bias))", "interaction/bn/$1"},
                              {R"(im_layer\.fc\.(weight|bias))", "interaction/head/$1"}}}};
}

}  // namespace ctr
