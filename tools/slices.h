#pragma once
// Rows cut by how often their user, item or domain was trained on: head, torso, tail, unseen.
// Definition: docs/metrics.md.

#include <cstdint>
#include <string>
#include <vector>

#include "io/dataset.h"
#include "tools/scores.h"

namespace ctr {

enum class Frequency : uint8_t { head, torso, tail, unseen };

// Of each id, by its rows in the training split: ids in falling order of their counts (equal counts
// by id) are dealt to head, torso and tail so that each takes a third of the training rows; an id
// belongs where its first row falls. Ids without rows are unseen.
std::vector<Frequency> frequency_classes(const std::vector<int64_t>& counts);

struct Slice {
  std::string field;
  Frequency frequency;
  int64_t ids = 0;  // that have rows here
  int64_t rows = 0;
  int64_t clicks = 0;
  double click_rate = 0, auc = 0, logloss = 0, pcoc = 0;  // NaN where not defined
};

// For each field with the role user, item or domain, the slices that have rows. An id out of
// vocabulary counts as unseen. `scores` are those of the split of `scored`.
std::vector<Slice> slices(const Dataset& trained, const Dataset& scored, Split split,
                          const Scores& scores);

const char* name_of(Frequency frequency);

}  // namespace ctr
