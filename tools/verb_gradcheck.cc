#include <memory>

#include <fmt/format.h>

#include "engine/check.h"
#include "ops/op_check.h"
#include "tools/model_check.h"
#include "tools/verbs.h"

namespace ctr {
namespace {

struct Count {
  int passed = 0;
  int failed = 0;
};

void print(const std::string& subject, const std::vector<GradientError>& errors, Count& count) {
  for (const GradientError& error : errors) {
    bool good = error.worst <= kGradientTolerance;
    (good ? count.passed : count.failed) += 1;
    fmt::print("{:<52} {:<26} {:>7}   {:.1e}  {}\n", subject, error.name, error.elements,
               error.worst, good ? "ok" : "FAILED");
  }
}

int run(const std::string& op, const std::string& model, bool all) {
  CTR_CHECK(all || !op.empty() || !model.empty(),
            "gradcheck: say --op NAME, --model NAME or --all");
  if (!op.empty()) find_op(op);
  if (!model.empty()) find_model(model);
  Count count;
  fmt::print("{:<52} {:<26} {:>7}   {}\n", "case", "input", "checked", "worst error");
  for (const OpInfo& info : op_list()) {
    if (!all && info.name != op) continue;
    for (const OpCase& op_case : info.cases)
      print(info.name + ": " + op_case.name, check_case(info, op_case), count);
  }
  for (const ModelInfo& info : model_list()) {
    if (!all && info.name != model) continue;
    for (const ModelCase& model_case : model_cases(info.name))
      print(model_case.name, check_model(model_case), count);
  }
  fmt::print(
      "\n{} passed, {} failed (f64 against central differences, relative to the input's largest "
      "derivative, limit {:.0e})\n",
      count.passed, count.failed, kGradientTolerance);
  return count.failed == 0 ? 0 : 1;
}

}  // namespace

Verb gradcheck_verb() {
  struct State {
    std::string op, model;
    bool all = false;
  };
  auto state = std::make_shared<State>();
  Verb verb;
  verb.name = "gradcheck";
  verb.summary = "check gradients against central differences in f64";
  verb.examples = {"ctrengine gradcheck --all", "ctrengine gradcheck --op linear"};
  verb.options.add({"op", &state->op, "check one operator"});
  verb.options.add({"model", &state->model, "check one model, in all its settings"});
  verb.options.add({"all", &state->all, "check every operator and model"});
  verb.run = [state](const std::vector<std::string>&) {
    return run(state->op, state->model, state->all);
  };
  return verb;
}

}  // namespace ctr
