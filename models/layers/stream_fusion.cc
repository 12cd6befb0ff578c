#include "models/layers/stream_fusion.h"

#include "engine/check.h"
#include "ops/elementwise/elementwise.h"
#include "ops/fusion/fusion.h"
#include "ops/shaping/shaping.h"

namespace ctr {

StreamFusion::StreamFusion(const Scope& scope, int64_t width1, int64_t width2,
                           const FinalMlpOptions& options)
    : kind_(options.fusion), heads_(options.fusion_heads) {
  if (kind_ != "bilinear") {
    const bool concat = kind_ == "concat";
    CTR_CHECK(concat || width1 == width2,
              "finalmlp: fusion by {} needs streams that end with equal widths, got {} and {}; set "
              "--finalmlp-units2",
              kind_, width1, width2);
    first_ = std::make_unique<LinearLayer>(scope / 1, concat ? width1 + width2 : width1, 1);
    return;
  }
  CTR_CHECK(width1 % heads_ == 0 && width2 % heads_ == 0,
            "finalmlp: {} heads do not divide the streams' last widths {} and {}; set "
            "--finalmlp-fusion-heads",
            heads_, width1, width2);
  first_ = std::make_unique<LinearLayer>(scope / 1, width1, 1);
  second_ = std::make_unique<LinearLayer>(scope / 2, width2, 1);
  const int64_t count = width1 * (width2 / heads_);
  bilinear_ = &scope.parameter("bilinear", {count, 1}, Initializer::xavier_normal(1, count));
}

Var StreamFusion::operator()(const Var& o1, const Var& o2) const {
  if (kind_ == "sum") return (*first_)(o1 + o2);
  if (kind_ == "product") return (*first_)(o1 * o2);
  if (kind_ == "concat") return (*first_)(concat({o1, o2}));
  return (*first_)(o1) + (*second_)(o2) + multi_head_bilinear(o1, o2, *bilinear_, heads_);
}

}  // namespace ctr
