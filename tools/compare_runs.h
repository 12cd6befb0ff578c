#pragma once
// Where two runs part.

#include <string>
#include <vector>

namespace ctr {

struct RunComparison {
  std::vector<std::string> options;  // that differ: "learning_rate: 0.001 | 0.002"
  int64_t lines = 0;                 // of log.jsonl that both runs have
  std::string log;      // the first of them whose numbers differ, times aside; empty when none does
  int64_t tensors = 0;  // compared
  std::string weights;  // the first tensor of the final weights, in the model's order, whose bits
                        // differ; empty when none does

  // Of what was computed: options may differ that change nothing.
  bool equal() const { return log.empty() && weights.empty(); }
};

// Throws kind io or data, naming the file, when a run's configuration or log cannot be read. Final
// weights are compared when both runs have them.
RunComparison compare_runs(const std::string& a, const std::string& b);

}  // namespace ctr
