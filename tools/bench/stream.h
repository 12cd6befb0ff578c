#pragma once
// What a new item of a sequence costs: the whole row anew, or one place more.

#include <cstdint>
#include <string>
#include <vector>

#include "tools/config_file.h"

namespace ctr {

struct StreamBenchOptions {
  std::string model = "nextitnet";              // or peterrec
  std::vector<ConfigEntry> model_options = {};  // over its preset
  int64_t items = 10'000;
  int64_t places = 100;  // T of a whole row
  int64_t seed = 1;
};

// Of one call for all users, in microseconds; medians.
struct StreamTime {
  int64_t users = 0;
  double row_us = 0;   // the model's forward pass of the users' last T items, from ids to a logit
  double push_us = 0;  // one item more of each user
  double read_us = 0;  // f of each user; peterrec makes it now, at CLS
  double over_push() const { return row_us / push_us; }
  double over_both() const { return row_us / (push_us + read_us); }  // both give the new f
};

// In f32; rows, pushes and reads are measured in turn. Throws where the model has no stream.
std::vector<StreamTime> bench_stream(const StreamBenchOptions& options,
                                     const std::vector<int64_t>& users);

}  // namespace ctr
