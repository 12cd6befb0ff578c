#pragma once

#include <cstdint>
#include <string>

#include "engine/options.h"

namespace ctr {

// Simulated users who are met in two domains, and do in both what their taste has them do. Each of
// the tastes prefers items of the source, and one target:
//   clicks   with probability `habit` the item that follows the last one on the taste's own round
//   of
//            its items, else any of its items; with probability `noise` any item at all
//   target   with probability `loyalty` the taste's own, else any
// Items of tastes overlap: an item belongs to two of them, so that one click does not tell the
// taste, and the order of clicks does.
struct SharedUsersOptions {
  int64_t users = 6000;
  int64_t tastes = 12;
  int64_t items = 240;     // of the source
  int64_t targets = 24;    // of the target domain
  int64_t length = 16;     // clicks of a user
  int64_t labelled = 600;  // users whose target is known for training
  double habit = 0.7, noise = 0.1, loyalty = 0.9;
  int64_t seed = 2024;

  OptionList list();
};

// Writes the data set directory `target` of users' clicks: rows tell the next click; 9 in 10 users
// train. The same options give the same data on any machine.
void simulate_shared_users_source(const SharedUsersOptions& options, const std::string& target);
// Of the same users' targets: `labelled` users train, as many are valid, the others test. Fact:
// best_hr1, what who knows the tastes would reach.
void simulate_shared_users_target(const SharedUsersOptions& options, const std::string& target);

}  // namespace ctr
