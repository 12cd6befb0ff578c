#pragma once
// Click probabilities of raw rows, by a run alone: its schema, vocabularies and weights.

#include <cstdint>
#include <string>

namespace ctr {

// Scores the rows of a delimited text file (plain or compressed) whose header names at least the
// columns that the fields were read from; others are passed over. Unseen values go where `prepare`
// put them. Writes "row,probability" in the file's order. Rows wait encoded in a directory beside
// `out`, so memory is that of a batch. Returns the rows written. Throws kind data with file, line
// and column on a bad cell and then writes nothing.
int64_t write_raw_predictions(const std::string& run, const std::string& text, char delimiter,
                              int64_t batch_size, const std::string& out);

}  // namespace ctr
