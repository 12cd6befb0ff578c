#pragma once
// Which split a raw row belongs to.

#include <optional>
#include <string>
#include <vector>

#include "io/columns.h"

namespace ctr {

// An input file, with its split when the command line names one ("valid=FILE").
struct InputFile {
  std::string path;
  std::optional<Split> split;
};

// "FILE" or "train=FILE", "valid=FILE", "test=FILE". Throws kind usage on another name, and when
// some files name a split and others do not.
std::vector<InputFile> input_files(const std::vector<std::string>& arguments);

// Shares of train, valid and test, from "0.8,0.1,0.1" (or "8:1:1"); they are divided by their sum.
struct SplitShares {
  double train = 0.8, valid = 0.1, test = 0.1;

  // Of the row with this number, by Philox: the same for any order of reading.
  Split of(uint64_t row, uint64_t seed) const;
};
SplitShares split_shares(const std::string& text);

}  // namespace ctr
