#pragma once
// The table of a sweep, table.csv: a row for each run that has ended, in the order of their ending.
// It is replaced whole with each row: a reader finds it as it was or as it is.

#include <cstdint>
#include <string>
#include <vector>

#include "tools/metrics.h"
#include "tools/sweep/plan.h"

namespace ctr {

struct SweepRow {
  std::string run;  // its directory in the sweep's
  std::string model;
  std::vector<std::string> values;  // by axis
  int64_t seed = 0;
  std::string error;  // empty: it finished
  int64_t best_epoch = 0, epochs = 0, steps = 0;
  Metrics valid;  // of the best epoch
  Metrics test;
  double seconds = 0, samples_per_s = 0;
  int64_t parameters = 0;  // that training moves

  bool done() const { return error.empty(); }
};

class SweepTable {
 public:
  // Reads the file where there is one. Throws kind data, naming file and line, when it is not a
  // table of these axes.
  SweepTable(std::string path, const std::vector<Axis>& axes);

  // The row of a run, or null.
  const SweepRow* find(const std::string& run) const;
  // Adds a row, in the place of one of the same run, and writes the file.
  void put(const SweepRow& row);

  const std::string& path() const { return path_; }

 private:
  std::vector<std::string> cells_of(const SweepRow& row) const;
  SweepRow row_of(const std::vector<std::string>& cells, const std::string& where) const;

  std::string path_;
  std::vector<Axis> axes_;
  std::vector<std::string> columns_;
  std::vector<SweepRow> rows_;
};

// What the directory of a finished run says of it: metrics.json, log.jsonl. Throws kind data,
// naming the file, when they are not those of a run.
void read_result(const std::string& directory, SweepRow& row);

}  // namespace ctr
