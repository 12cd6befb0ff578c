#pragma once
// Click probabilities as a CSV file.

#include <cstdint>
#include <string>

#include "tools/scores.h"

namespace ctr {

// Writes "row,probability,label" for each row of the split, in its order: the row's number from 0,
// digits enough to read back the same double, the first label (unless `labels` is false: then
// "row,probability"). Of several tasks "row,probability_<task>,…,label_<label>,…". The file appears
// when it is whole. Memory: a batch. Returns the rows written; throws kind data when there are
// none.
int64_t write_predictions(BuiltModel& built, const Dataset& data, Split split, int64_t batch_size,
                          const std::string& path, bool labels = true);

}  // namespace ctr
