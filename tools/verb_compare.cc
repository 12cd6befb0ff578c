#include <fmt/format.h>

#include "engine/check.h"
#include "tools/compare_runs.h"
#include "tools/verbs.h"

namespace ctr {
namespace {

int run(const std::vector<std::string>& runs) {
  CTR_CHECK(runs.size() == 2,
            "compare: name two run directories, as in `ctrengine compare runs/apg-taobao-1 "
            "runs/apg-taobao-2`");
  const RunComparison found = compare_runs(runs[0], runs[1]);
  fmt::print("options   {}\n", found.options.empty() ? "the same" : "");
  for (const std::string& line : found.options) fmt::print("  {}\n", line);
  if (found.lines == 0) {
    fmt::print("log       no line in common\n");
  } else if (found.log.empty()) {
    fmt::print("log       {} lines in common, all the same\n", found.lines);
  } else {
    fmt::print("log       differs first at {}\n", found.log);
  }
  if (found.tensors == 0) {
    fmt::print("weights   not compared: both runs must have ended\n");
  } else if (found.weights.empty()) {
    fmt::print("weights   {} tensors, the same to the last bit\n", found.tensors);
  } else {
    fmt::print("weights   differ first in {}\n", found.weights);
  }
  return found.equal() ? 0 : 1;
}

}  // namespace

Verb compare_verb() {
  Verb verb;
  verb.name = "compare";
  verb.summary = "name the first step and the first tensor in which two runs differ";
  verb.examples = {"ctrengine compare runs/apg-taobao-1 runs/apg-taobao-2",
                   "ctrengine compare runs/before runs/after"};
  verb.arguments = "RUN";
  verb.run = run;
  return verb;
}

}  // namespace ctr
