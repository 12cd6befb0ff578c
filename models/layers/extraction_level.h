#pragma once

#include <memory>
#include <span>
#include <vector>

#include "models/layers/experts.h"

namespace ctr {

// A level of CGC and PLE (Tang et al., RecSys 2020, §4.1 and §4.2): --specific-experts of each task
// t and --shared-experts of all, ∥ side by side.
//   f_t = experts_t(x_t)                f_s = experts_s(x_s)
//   y_t = Σ gate_t(x_t) [f_t ∥ f_s]     y_s = Σ gate_s(x_s) [f_1 ∥ … ∥ f_T ∥ f_s]
// In FuxiCTR's dialect y_s mixes f_s alone. Parameters `task/<t>/expert/…`, `task/<t>/gate/…`,
// `shared/expert/…`, `shared/gate/…`; the last level has no y_s.
class ExtractionLevel {
 public:
  ExtractionLevel(const Scope& scope, int64_t in, int64_t tasks, bool last,
                  const ModelOptions& options);

  // x_1 … x_T, x_s [B, in] → y_1 … y_T [B, width()] and, but for the last level, y_s.
  std::vector<Var> operator()(std::span<const Var> x) const;
  int64_t width() const { return shared_.width(); }

 private:
  Experts shared_;
  std::vector<Experts> own_;  // by task; none without specific experts
  std::vector<Gate> gates_;   // by task
  std::unique_ptr<Gate> shared_gate_;
  bool shared_alone_;
};

}  // namespace ctr
