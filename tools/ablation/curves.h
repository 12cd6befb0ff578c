#pragma once
// How the runs of an ablation learnt, epoch by epoch, from what they wrote down.

#include <array>
#include <string>
#include <vector>

#include "tools/ablation/report.h"

namespace ctr {

struct CurvePoint {
  int64_t epoch = 0;
  double train_loss = 0;
  std::array<double, 2> valid = {};  // by AblationReport::metrics
};

struct LearningCurve {
  std::string variant;
  int64_t seed = 0;
  std::vector<CurvePoint> points;
};

// Of every run that is done, in the plan's order. `folder` holds the runs.
std::vector<LearningCurve> learning_curves(const AblationPlan& plan, const AblationReport& report,
                                           const SweepResult& result, const std::string& folder);

// variant,seed,epoch,train_loss,valid_mrr10,valid_hr10
std::string csv_of(const std::vector<LearningCurve>& curves, const AblationReport& report);
// A panel for each variant with a line for each seed, in grey behind it those of the model that it
// is compared with: the loss in training, and the first metric of the valid split.
std::string train_loss_chart(const std::vector<LearningCurve>& curves,
                             const AblationReport& report);
std::string valid_chart(const std::vector<LearningCurve>& curves, const AblationReport& report);

// The test split's first metric by the rows trained on: a panel for each method, the full model's
// line behind it; whiskers are a sample deviation over the seeds. Empty where all variants train on
// all rows.
std::string label_chart(const AblationReport& report);

}  // namespace ctr
