#pragma once
// The best items of each row as a CSV file, by models that score all items.

#include <cstdint>
#include <string>

#include "tools/patch_sets.h"

namespace ctr {

// Writes "row,rank,item,score" for the `top` best items of each row of the split (top_items in
// models/item_ranking.h): rows from 0, ranks from 1, items by their text where the run knows it,
// else by id. Of several tasks each in turn for every batch, its name first: "task,row,…". The file
// appears when it is whole. Returns the rows of the split; throws kind data when there are none,
// kind usage when the model does not score all items.
int64_t write_top_items(PatchSets& sets, const Dataset& data, Split split, int64_t batch_size,
                        int64_t top, const std::string& path);

}  // namespace ctr
