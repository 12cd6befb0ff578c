#pragma once
// The best items of each row as a CSV file, by models that score all items.

#include <cstdint>
#include <string>

#include "tools/model_file.h"

namespace ctr {

// Writes "row,rank,item,score" for the `top` best items of each row of the split (top_items in
// models/item_ranking.h): rows from 0, ranks from 1, items by their text where the run `file` knows
// it, else by id. The file appears when it is whole. Returns the rows of the split; throws kind
// data when there are none, kind usage when the model does not score all items.
int64_t write_top_items(BuiltModel& built, const ModelFile& file, const Dataset& data, Split split,
                        int64_t batch_size, int64_t top, const std::string& path);

}  // namespace ctr
