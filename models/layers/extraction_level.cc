#include "models/layers/extraction_level.h"

#include "ops/experts/experts.h"

namespace ctr {

ExtractionLevel::ExtractionLevel(const Scope& scope, int64_t in, int64_t tasks, bool last,
                                 const ModelOptions& options)
    : shared_(scope / "shared", in, options.task.shared_experts, options),
      shared_alone_(options.task.ple_dialect == "fuxictr") {
  const int64_t specific = options.task.specific_experts, shared = options.task.shared_experts;
  for (int64_t t = 0; t < tasks; ++t) {
    const Scope place = scope / "task" / t;
    if (specific > 0) own_.emplace_back(place, in, specific, options);
    gates_.emplace_back(place / "gate", in, specific + shared, options);
  }
  if (last) return;
  shared_gate_ = std::make_unique<Gate>(
      scope / "shared" / "gate", in, shared_alone_ ? shared : tasks * specific + shared, options);
}

std::vector<Var> ExtractionLevel::operator()(std::span<const Var> x) const {
  const Var& x_s = x.back();
  const Var f_s = shared_(x_s);  // [B, shared, H]
  std::vector<Var> all, y;
  for (size_t t = 0; t < gates_.size(); ++t) {
    std::vector<Var> mine;
    if (!own_.empty()) mine.push_back(own_[t](x[t]));  // f_t    [B, specific, H]
    if (!own_.empty()) all.push_back(mine[0]);
    mine.push_back(f_s);
    y.push_back(mix_experts(mine, gates_[t](x[t])));  // y_t    [B, H]
  }
  if (!shared_gate_) return y;
  if (shared_alone_) all.clear();
  all.push_back(f_s);
  y.push_back(mix_experts(all, (*shared_gate_)(x_s)));  // y_s    [B, H]
  return y;
}

}  // namespace ctr
