#pragma once
// Several tasks on one network: runs that were fine-tuned from the same run differ in what they
// train alone, patches and target tables (PeterRec: "one network, many tasks"). The network is held
// once; the tasks' patch sets are put into it in turn.

#include <map>
#include <string>
#include <vector>

#include "tools/loaded_run.h"

namespace ctr {

class PatchSets {
 public:
  struct Task {
    std::string name;  // last part of the run's path
    ModelFile file;
    std::map<std::string, Tensor> own;  // its trained parameters
    int64_t own_bytes = 0;
  };

  // One run is a task like any other. Throws kind data, naming what differs, unless all have the
  // same frozen parameters, to the bit, and their sequences the same vocabularies; kind usage when
  // they are not the same model with the same options of the network, or share nothing.
  explicit PatchSets(const std::vector<std::string>& runs);

  // Puts the task's set into the network: handles change, no number is copied.
  void use(size_t task);

  const std::vector<Task>& tasks() const { return tasks_; }
  const LoadedRun& first() const { return first_; }
  Model& model() { return first_.built->model(); }
  int64_t shared_bytes() const { return shared_bytes_; }

 private:
  Task read(const std::string& run) const;
  std::string name_of(const std::string& run) const;
  void check_options(const Task& task) const;
  void check_fields(const Task& task) const;

  LoadedRun first_;
  std::vector<Task> tasks_;
  int64_t shared_bytes_ = 0;
};

}  // namespace ctr
