#pragma once

#include <memory>
#include <vector>

#include "models/layers/embedding.h"
#include "models/layers/mlp.h"

namespace ctr {

// The shallow tower (Zhao et al., RecSys 2019, §4.3): a small net on the position and other fields
// that bias a click, whose logit is added to those of --shallow-tasks.
//   z_t += w_tᵀ MLP_t([v_position, v_2 …]) + b_t
// The position, the first of --shallow-fields, counts as missing (id 0, a row of the table like any
// other) in --shallow-drop of the training rows, and always in prediction unless --shallow-serve is
// given. Parameters `shallow_embedding/<field>`, `shallow_tower/<t>/…`, `shallow_head/<t>/…`.
class ShallowTower {
 public:
  // `tasks`: their names. Throws on unknown fields and tasks, and on a position whose id 0 does not
  // stand for "missing".
  ShallowTower(const Scope& scope, const ModelContext& context,
               const std::vector<std::string>& tasks);

  // z_t → z_t with its own.
  void add_to(std::vector<Var>& z, const Batch& batch) const;

 private:
  Tensor positions(const Tensor& given) const;

  Scope scope_;
  ShallowOptions options_;
  uint64_t stream_;
  std::vector<int64_t> fields_;  // by their places in the data set
  std::unique_ptr<Embedding> embedding_;
  std::vector<std::unique_ptr<Mlp>> towers_;  // by task; null: it has none
};

}  // namespace ctr
