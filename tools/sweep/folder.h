#pragma once
// The directory of a sweep:
//
//   sweep.json   what the sweep is: its axes, the options that hold for every run, its data
//   table.csv    the results (table.h)
//   lock         held while a process works on the sweep
//   NAME/        a run directory each (tools/run_directory.h)

#include <map>
#include <string>

#include "io/file_lock.h"
#include "tools/sweep/plan.h"

namespace ctr {

class SweepFolder {
 public:
  // Creates the directory, or opens one that holds this very sweep: the same axes, fixed options
  // (but for those that change no result), data and configuration files. Values and seeds may have
  // come or gone. Throws kind usage, naming what differs, when it holds another sweep or other
  // files, and kind busy when another process works on it. `data` holds the digests of the data
  // sets by their labels.
  SweepFolder(std::string path, const SweepPlan& plan,
              const std::map<std::string, std::string>& data);

  const std::string& path() const { return path_; }
  std::string table() const { return path_ + "/table.csv"; }
  std::string run(const PlannedRun& run) const { return path_ + "/" + run.name; }

 private:
  std::string path_;
  FileLock lock_;
};

}  // namespace ctr
