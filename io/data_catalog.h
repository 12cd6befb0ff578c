#pragma once

#include "io/dataset.h"

namespace ctr {

// The data set called `name` ("taobao", or with options "planted-lora:rank=8:rows=20000"), or the
// prepared directory of that path. Built-in sets are made once and kept in the cache folder:
// CTR_CACHE, else $XDG_CACHE_HOME/ctrengine, else
// ~/.cache/ctrengine, else (where that cannot be written) the system's temporary folder. A damaged
// or older set of the cache is made anew.
Dataset open_dataset(const std::string& name);

// Names that open_dataset knows; docs/data.md has their options.
const std::vector<std::string>& dataset_names();

// Where the cache lies.
std::string cache_folder();

}  // namespace ctr
