#pragma once
// How the losses of several tasks are weighed in training.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "autograd/tape.h"
#include "models/model.h"
#include "tools/train_options.h"

namespace ctr {

// One step of GradNorm (Chen et al., ICML 2018) in closed form, from the losses L_t, their first
// values L_t(0) and the norms n_t = ‖∇_W L_t‖ at the last shared weight W:
//   G_t = w_t n_t        r_t = (L_t / L_t(0)) / mean_t(L_t / L_t(0))
//   target_t = mean(G) r_t^α, a constant        loss = Σ_t |G_t − target_t|
//   dw_t = ∂loss / ∂w_t = sign(G_t − target_t) n_t
struct GradNormStep {
  std::vector<double> target, dw;
  double loss = 0;
};
GradNormStep grad_norm(std::span<const double> weights, std::span<const double> norms,
                       std::span<const double> losses, std::span<const double> first_losses,
                       double alpha);
// w_t ← max(w_t, floor), then T w_t / Σ w
void renormalise(std::span<double> weights, double floor);

// Adds share · ∂L_t/∂W of each task to `sums`, f64, made on the first call; the tape can be run
// again.
void add_gradients_at(const Parameter& weight, std::span<const Var> losses, double share,
                      std::vector<Tensor>& sums);
std::vector<double> norms_of(std::span<const Tensor> gradients);

// The losses of a batch that a step weighs → [1] each, and the share of the batch's rows that each
// is of: those of the model's tasks, of all rows, or of the domains.
struct TaskLosses {
  std::vector<Var> losses;
  std::vector<double> shares;
};
// The domains' losses of logits z [B, 1], L_d = (1 / B) Σ of the binary cross-entropies of domain
// d's rows, so that Σ_d L_d is the loss of the batch; 0 for a domain without rows.
TaskLosses losses_of_domains(const Var& z, const Batch& batch, int64_t domains);

// What a resumed run goes on from.
struct BalanceState {
  std::vector<double> weights;  // w_t of GradNorm, s_t of uncertainty; empty before the first step
  std::vector<double> first_losses;

  bool operator==(const BalanceState&) const = default;
};

// By --task-balance:
//   fixed        w_t of --task-weights
//   gradnorm     w_t moved by GradNorm and SGD, from 1
//   uncertainty  w_t = e^−s_t, s_t moved by SGD on Σ_t e^−s_t L_t + ½ s_t, from 0 (Kendall, Gal,
//                Cipolla, CVPR 2018, in the form for classification). A model of one task weighs
//                the domains' losses so: p_d e^−s_d L_d + ½ p_d s_d with p_d the domain's share of
//                the rows (MAMDR's way, there in batches of one domain each)
class TaskBalance {
 public:
  TaskBalance() = default;
  explicit TaskBalance(const TrainOptions& options);

  // What it weighs. Throws where that is one loss alone, which no weight can balance.
  TaskLosses losses(const Model& model, const Batch& batch, const Schema& schema) const;
  // w_t of the next step; empty: 1 each.
  std::vector<double> weights(size_t tasks) const;
  // The parameter at which the norms are measured, null when they are not needed. Throws when the
  // model has none that fits.
  const Parameter* measured(const ParameterStore& store) const;
  // After a step, from the losses and their shares of its rows; `norms` as `measured` asks.
  void update(std::span<const double> losses, std::span<const double> shares,
              std::span<const double> norms);

  bool fixed() const { return kind_ == "fixed"; }
  const BalanceState& state() const { return state_; }
  void restore(const BalanceState& state) { state_ = state; }

 private:
  std::string kind_ = "fixed";
  std::vector<double> given_;
  double rate_ = 0, alpha_ = 0;
  std::string parameter_;
  BalanceState state_;
};

}  // namespace ctr
