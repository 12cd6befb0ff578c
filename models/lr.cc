// Logistic regression (Richardson, Dominowska, Ragno: Predicting clicks, WWW 2007).   logit = w0 +
// Σ_f w_f[x_f]

#include "models/layers/embedding.h"
#include "models/model.h"

namespace ctr {
namespace {

class Lr : public Model {
 public:
  Lr(const Scope& scope, const ModelContext& context) : linear_(scope, context) {}
  Var logit(const Batch& batch) const override { return linear_(batch); }

 private:
  LinearTerm linear_;
};

}  // namespace

ModelInfo model_lr() {
  return {.name = "lr",
          .title = "logistic regression: one weight per id",
          .paper = "Richardson et al., WWW 2007",
          .make = [](const Scope& scope,
                     const ModelContext& context) { return std::make_unique<Lr>(scope, context); },
          .peer = {.model = "LR"}};
}

}  // namespace ctr
