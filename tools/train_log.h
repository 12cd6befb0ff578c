#pragma once
// What a run writes while it trains: log.jsonl, a line per epoch, per domain trained alone, per
// --log-steps and per --digest-steps, and metrics.csv, a row per epoch, empty cells where a metric
// is not defined. Lines are whole or not there; they are made durable with each checkpoint.

#include <cstdint>
#include <string>

#include "io/file.h"
#include "tools/trainer.h"

namespace ctr {

class TrainLog {
 public:
  // Goes on after the first `log_bytes` and `metrics_bytes` of files that are there; 0 begins anew.
  TrainLog(const std::string& run, int64_t log_bytes, int64_t metrics_bytes);

  void add(const StepReport& report);
  void add(const EpochReport& report);
  void add(const DomainReport& report);
  // XXH3 of each trained tensor.
  void add_digest(int64_t step, const ParameterStore& store);

  void sync();
  int64_t log_bytes() const { return log_.size(); }
  int64_t metrics_bytes() const { return metrics_.size(); }

 private:
  AppendFile log_;
  AppendFile metrics_;
};

}  // namespace ctr
