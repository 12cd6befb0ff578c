#pragma once
// One pass over a data set: how often each value of each column occurs, with and without a click.
//
// Memory: 48 bytes for each row of a field's table, 3 MiB for each numeric field; rows themselves
// are never kept.

#include <array>
#include <cstdint>
#include <vector>

#include "io/dataset.h"

namespace ctr {

// Of the values of a column: a row is a click when its first label is above ½.
struct ValueCounts {
  std::vector<int64_t> rows;    // of each value
  std::vector<int64_t> clicks;  // of each value

  explicit ValueCounts(int64_t values = 0);
  void add(size_t value, bool click) {
    ++rows[value];
    clicks[value] += click ? 1 : 0;
  }
  int64_t total() const;
};

// Numbers are counted in bins of 8 significant bits, in ascending order: less than 1 % apart.
inline constexpr int64_t kNumberBins = int64_t{1} << 16;
int64_t number_bin(float number);

// Lists are counted twice: their ids (an id counts each time it occurs), and their lengths, those
// of kLongest and more as one.
inline constexpr int64_t kLongest = 1023;

struct FieldProfile {
  std::array<ValueCounts, 3> values;   // by split: ids, or bins of numbers
  std::array<ValueCounts, 3> lengths;  // by split: of lists
  // Of numbers in the training split.
  float least = 0;
  float most = 0;
};

struct DataProfile {
  std::array<int64_t, 3> rows{};
  std::array<int64_t, 3> clicks{};
  std::vector<FieldProfile> fields;
};

DataProfile profile_of(const Dataset& data);

// AUC of the rows in `held`, scored by their value's click rate in `trained`, smoothed as the model
// `popularity` does: (clicks + 20 m) / (rows + 20), m the overall rate. NaN with one class.
double rate_auc(const ValueCounts& trained, const ValueCounts& held);
std::vector<double> smoothed_rates(const ValueCounts& trained);

// Area under the ROC curve of counted values, each with a score.
double counted_auc(const std::vector<double>& score, const std::vector<int64_t>& rows,
                   const std::vector<int64_t>& clicks);

}  // namespace ctr
