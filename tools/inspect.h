#pragma once
// What a file or directory of ctrengine is and holds, as text to print.

#include <cstdint>
#include <string>

#include "io/dataset.h"

namespace ctr {

struct InspectOptions {
  bool verify = false;         // read every byte and compare it with its checksum
  int64_t rows = 0;            // first rows to show
  int64_t tokens = 3;          // first tokens of each vocabulary to show
  Split split = Split::train;  // that the rows are of
};

// Tells by content: a data set directory, a run directory, a block file (whose schema.json lies
// beside it), a safetensors file. Throws kind io when `path` is not there, kind usage when it is
// none of these, and kind data, naming the place, when it is damaged. A set's blocks are read by
// `verify` or `rows` alone; a safetensors file is always read whole and checked.
std::string inspect(const std::string& path, const InspectOptions& options);

// The data sets under `folder`, a line each; sets that cannot be opened with the reason. Empty when
// there are none.
std::string list_datasets(const std::string& folder);

}  // namespace ctr
