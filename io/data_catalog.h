#pragma once

#include "io/dataset.h"

namespace ctr {

// The data set called `name` ("taobao"). Built-in sets are made once and kept in the cache folder:
// CTR_CACHE, else $XDG_CACHE_HOME/ctrengine, else ~/.cache/ctrengine. A damaged or older cache file
// is made anew. When the folder cannot be written, the set is made in memory.
Dataset open_dataset(const std::string& name);

// Names that open_dataset knows.
const std::vector<std::string>& dataset_names();

// Where the cache lies.
std::string cache_folder();

}  // namespace ctr
