#pragma once

#include "autograd/gradient_check.h"
#include "models/model.h"

namespace ctr {

// A small batch with fields of every role: users, items, a domain, another category and a number.
struct SmallProblem {
  Schema schema;
  Batch batch;
};
SmallProblem small_problem();
// The same for models that need more: a sequence of items that shares the items' table, or two
// labels and a position.
SmallProblem small_problem_of(const std::string& model);

// A model and the settings under which it is checked.
struct ModelCase {
  std::string name;  // "apg, usv"
  std::string model;
  ModelOptions options;
};
std::vector<ModelCase> model_cases(const std::string& model);

// Gradients of the loss with respect to all parameters, in f64 against central differences.
std::vector<GradientError> check_model(const ModelCase& model_case);
// Whether the parameter's gradient vanishes identically: a bias with batch norm right after it,
// `x/bias` beside `x/bn/bias`, and that of attention's keys, `k/bias`, which adds the same to all
// scores of a place.
bool gradient_vanishes(const std::string& parameter, const std::vector<GradientError>& all);

}  // namespace ctr
