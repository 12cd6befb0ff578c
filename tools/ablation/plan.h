#pragma once
// An ablation: a full model and variants of it, each by the same seeds, as a sweep over one axis.

#include <string>
#include <vector>

#include "io/dataset.h"
#include "tools/ablation/cost.h"
#include "tools/ablation/variants.h"
#include "tools/sweep/plan.h"

namespace ctr {

// What the command line asks for.
struct AblationRequest {
  std::string model = "apg";
  std::string what = "components";  // components: those of the model's table; embeddings; labels
  IntList labels;  // numbers of training rows of the few-label curves; empty: halves of all, thrice
  NameList variants;  // empty: all that fit
  IntList seeds = {1, 2, 3};
  double budget = 0.25;   // embeddings: share of the plain tables' numbers
  double most_cost = 30;  // of a step, in steps of the full model; 0: any. Variants that are named
                          // run whatever they cost
  std::vector<ConfigEntry> fixed;  // options of train that hold for every variant
};

struct PlannedVariant {
  std::string name, group, what;
  std::string settings;  // "overparam_p= generate=usv", what differs from the full model's options
  std::string method;    // the variant whatever the rows that it trains on
  int64_t rows = 0;      // of the training split
  size_t beside = 0;     // the variant that it is compared with
  VariantCost cost;
};
struct LeftOut {
  std::string name, what, reason;
};

struct AblationPlan {
  std::string model, what;
  std::string full;                      // what the full model is
  SweepPlan sweep;                       // its one axis: variant
  std::vector<PlannedVariant> variants;  // the full model first; in the order of the combinations
  std::vector<LeftOut> left_out;
};

// The data set is that of the options, taobao without one. Layers of options: the model's preset,
// a short protocol (short_protocol(), unless --preset asks for another), the table's base, the
// fixed ones, the variant's. Each variant is built and measured (measure_cost); one that cannot be,
// that says nothing on this data, repeats another or costs too much is left out with its reason.
// Throws kind usage on an unknown model or variant, with the nearest name, and when the full model
// itself cannot be built.
AblationPlan plan_ablation(const AblationRequest& request, const Dataset& data);

// The data set that the request names, with the rows of its --only-domains.
Dataset data_of(const AblationRequest& request);

// Options of training that keep an ablation short.
const std::vector<Setting>& short_protocol();

}  // namespace ctr
