#pragma once
// What is suspicious in a prepared data set. docs/lint.md lists the checks and their bounds.

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "io/dataset.h"
#include "tools/lint/profile.h"

namespace ctr {

// info: good to know; warning: may spoil results; problem: results would mean nothing.
enum class Verdict : uint8_t { info, warning, problem };
const char* name_of(Verdict verdict);

struct Finding {
  Verdict verdict;
  std::string check;    // "duplicates", "leak", "constant", …
  std::string subject;  // a field, a split, a domain
  std::string found;    // what, with figures
  std::string advice;   // what to do; empty when there is nothing to do
};

// What the table of fields shows. Shares are of rows, for lists of ids.
struct FieldFacts {
  std::string name;
  std::string type;
  int64_t table = 0;              // rows of the table; 0 for numbers
  int64_t distinct = 0;           // values that occur in the training split
  double once = 0;                // share of these that occur there once
  std::array<double, 3> missing;  // by split; NaN without padding or rows
  std::array<double, 3> unseen;   // by split: out of vocabulary, or no training row
  std::array<double, 3> drift;    // from train: total variation, or stability index of numbers
  double alone_auc = 0;           // of the column alone on held-out rows
};

struct DomainFacts {
  std::string name;
  std::array<int64_t, 3> rows{};
  std::array<int64_t, 3> clicks{};
  double popularity_auc = 0;  // of the item's click rate, on the held-out split
};

struct LintReport {
  std::string name;
  std::string held_out;  // "test", or "valid" where test has no rows; empty without either
  std::array<int64_t, 3> rows{};
  std::array<int64_t, 3> clicks{};
  std::vector<FieldFacts> fields;
  std::vector<DomainFacts> domains;
  double popularity_auc = 0;  // NaN without an item field or held-out rows
  std::vector<Finding> findings;

  int64_t count(Verdict verdict) const;
};

// Reads each block three times; memory as of profile.h and duplicates.h.
LintReport lint(const Dataset& data);

// One JSON object; numbers that are not defined are null.
std::string json_of(const LintReport& report);

}  // namespace ctr
