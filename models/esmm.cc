// Entire space multi-task model (Ma et al., SIGIR 2018). x = [v_1 … v_F], shared by two towers.
//   pCTR = σ(tower_ctr(x))      pCVR = σ(tower_cvr(x))      pCTCVR = pCTR · pCVR
//   L = BCE(click, pCTR) + BCE(click · conversion, pCTCVR), over all impressions

#include "engine/check.h"
#include "models/multi_task.h"
#include "ops/loss/loss.h"

namespace ctr {
namespace {

// a ⊙ b in f64.
Tensor product(const Tensor& a, const Tensor& b) {
  const Tensor left = a.cast(DType::f64), right = b.cast(DType::f64);
  Tensor result(left.shape(), DType::f64);
  for (int64_t i = 0; i < result.count(); ++i)
    result.data<double>()[i] = left.data<double>()[i] * right.data<double>()[i];
  return result;
}

Tensor is_one(const Tensor& label) {
  const Tensor values = label.cast(DType::f64);
  Tensor result(values.shape(), DType::i64);
  for (int64_t i = 0; i < result.count(); ++i)
    result.data<int64_t>()[i] = values.data<double>()[i] > 0.5 ? 1 : 0;
  return result;
}

TaskList tasks_of_esmm(const ModelContext& context) {
  const Schema& schema = context.schema;
  CTR_CHECK(schema.labels.size() == 2 && context.options.task.tasks == "labels",
            "esmm: the data must have two labels, a click and a conversion after it, with --tasks "
            "labels; '{}' has {}",
            schema.name, schema.labels.size());
  return {{"ctr", "cvr"}, false};
}

class Esmm : public MultiTaskModel {
 public:
  Esmm(const Scope& scope, const ModelContext& context)
      : MultiTaskModel(scope, context, tasks_of_esmm(context)),
        towers_(scope, context, tower(), tasks(), embedded_width(), tasks().names) {}

  std::vector<Var> logits(const Batch& batch) const override {
    Var x = embedded(batch);                        // [v_1 … v_F]     [B, n]
    return towers_(std::vector<Var>{x, x}, batch);  // of pCTR, pCVR   [B, 1] each
  }

  std::vector<Var> losses(std::span<const Var> logits, const Batch& batch) const override {
    const DType dtype = logits[0].dtype();
    const Tensor both = product(batch.labels[0], batch.labels[1]);
    return {bce_with_logits(logits[0], batch.labels[0].cast(dtype)),
            bce_of_product(logits[0], logits[1], both.cast(dtype))};
  }

  // Conversions are judged where there was a click; those of all impressions as CTCVR.
  std::vector<Prediction> predictions(std::span<const Var> logits,
                                      const Batch& batch) const override {
    std::vector<Prediction> all = MultiTaskModel::predictions(logits, batch);
    all[1].counted = is_one(batch.labels[0]);
    all.push_back({"ctcvr", product(all[0].probability, all[1].probability),
                   product(batch.labels[0], batch.labels[1])});
    return all;
  }

 private:
  TaskTowers towers_;
};

}  // namespace

ModelInfo model_esmm() {
  return {
      .name = "esmm",
      .title = "clicks and conversions after them, both learnt on all impressions",
      .paper = "Ma et al., SIGIR 2018",
      .make = [](const Scope& scope,
                 const ModelContext& context) { return std::make_unique<Esmm>(scope, context); },
      .preset =
          [](ModelOptions& o) {
            o.task.tower_units = {256, 128, 64};
          },
      .shrink =
          [](ModelOptions& o) {
            o.task.tower_units = {8, 6};
          },
      .variants = {shallow_variant()},
      .labels = 2};
}

}  // namespace ctr
