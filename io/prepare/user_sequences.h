#pragma once
// From users' sequences of items to rows: the rules that converters of behaviour data share.

#include <cstdint>
#include <string>
#include <vector>

#include "engine/options.h"
#include "io/prepare/interactions.h"
#include "io/prepare/prepare.h"

namespace ctr {

// What a user did, oldest first, and what is to be told of the user.
struct UserSequence {
  int32_t user = 0;                  // in UserSequences::users
  std::vector<int32_t> clicks = {};  // in UserSequences::clicks
  std::vector<int32_t> targets = {};
  int32_t file = 0;
  int64_t line = 0;
};

struct UserSequences {
  Interner users, clicks, targets;
  std::vector<UserSequence> all;  // one for each user
};

// The numbers 0 … n − 1 as numpy.random.RandomState(seed).permutation(n) orders them.
std::vector<int64_t> numpy_permutation(uint32_t seed, int64_t n);

// What a row tells after its user's clicks.
enum class Told : uint8_t {
  next,    // the item that followed them, of the same vocabulary: fields user, clicks, next
  target,  // one of the user's targets, of a vocabulary of its own: fields user, clicks, target
};

class SequenceRule {
 public:
  void add_options(OptionList& list);
  // Throws kind usage on option values that make no sense; call before reading.
  void check(Told told) const;

  // The fields, and rows as `load` gives them when they are asked for. The user is carried for
  // metrics alone. Each row keeps the last `max_length` clicks before what it tells.
  PreparePlan plan(Told told, const std::string& name, const std::vector<std::string>& files,
                   std::function<UserSequences(BadLines& bad)> load) const;

  // next, split last: of n > 2 items the last is told in test, the one before it in valid, the one
  //   before that in train; a user of fewer is in train alone.
  // next, by shares of users: a user's last item is told, in the user's split.
  // target: each target of a user is a row, all in the user's split. Every such row is followed by
  //   `negatives` rows with label 0: targets drawn uniformly among all others but this one.
  Interactions rows(const UserSequences& users, Told told) const;

 private:
  std::vector<Split> splits(int64_t users, Told told) const;
  bool leaves_last_out(Told told) const;

  int64_t max_length_ = 50, min_count_ = 1, negatives_ = 0, seed_ = 123;
  std::string split_, shuffle_ = "philox";
};

}  // namespace ctr
