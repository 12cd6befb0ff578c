#include "models/model.h"

#include <cmath>

#include "engine/check.h"
#include "engine/nearest.h"
#include "models/sequence_stream.h"
#include "ops/elementwise/elementwise.h"
#include "ops/loss/loss.h"

namespace ctr {
namespace {

const Tensor& label_of(const Batch& batch, size_t task) {
  if (task == 0) return batch.label;
  CTR_CHECK(task < batch.labels.size(), "tasks: {} labels for task {}", batch.labels.size(), task);
  return batch.labels[task];
}

}  // namespace

std::vector<Var> Model::losses(std::span<const Var> logits, const Batch& batch) const {
  std::vector<Var> all;
  for (size_t t = 0; t < logits.size(); ++t)
    all.push_back(bce_with_logits(logits[t], label_of(batch, t).cast(logits[t].dtype())));
  return all;
}

std::vector<Var> Model::training_losses(const Batch& batch) const {
  return losses(logits(batch), batch);
}

std::vector<Prediction> Model::predictions(std::span<const Var> logits, const Batch& batch) const {
  std::vector<Prediction> all;
  for (size_t t = 0; t < logits.size(); ++t) {
    const Tensor logit = logits[t].value().cast(DType::f64);
    Tensor probability({logit.count()}, DType::f64);
    for (int64_t b = 0; b < logit.count(); ++b)
      probability.data<double>()[b] = 1 / (1 + std::exp(-logit.data<double>()[b]));
    all.push_back({"", probability, label_of(batch, t)});
  }
  return all;
}

std::unique_ptr<SequenceStream> Model::stream(int64_t) const { return nullptr; }

Var weighted_sum(std::span<const Var> losses, std::span<const double> weights) {
  CTR_CHECK(weights.empty() || weights.size() == losses.size(),
            "tasks: {} weights for {} tasks; set --task-weights", weights.size(), losses.size());
  Var sum;
  for (size_t t = 0; t < losses.size(); ++t) {
    const Var term = weights.empty() || weights[t] == 1 ? losses[t] : scale(losses[t], weights[t]);
    sum = t == 0 ? term : sum + term;
  }
  return sum;
}

Var loss_of(const Model& model, const Batch& batch, std::span<const double> weights) {
  return weighted_sum(model.training_losses(batch), weights);
}

const ModelInfo& find_model(const std::string& name) {
  std::vector<std::string> names;
  for (const ModelInfo& model : model_list()) {
    if (model.name == name) return model;
    names.push_back(model.name);
  }
  fail(ErrorKind::usage, "unknown model '{}'{}", name, advice_on_name(name, names));
}

}  // namespace ctr
