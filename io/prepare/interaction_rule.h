#pragma once
// From interactions as read to a labelled, split table: what a rating means, which rows are
// repeated, where negatives come from, who is in which split. The options that converters of
// multi-domain data share.

#include <string>

#include "engine/options.h"
#include "io/prepare/interactions.h"
#include "io/prepare/split_rule.h"

namespace ctr {

// Which ratings are clicks: "all", or a comparison such as ">3", ">=4", "==5" (or "5").
class RatingRule {
 public:
  // Throws kind usage on other text.
  explicit RatingRule(const std::string& text);
  bool positive(double rating) const;

 private:
  enum class Kind : uint8_t { all, above, at_least, equal };
  Kind kind_ = Kind::all;
  double bound_ = 0;
};

class InteractionRule {
 public:
  // Defaults, before add_options().
  std::string positive = "all";
  IntList drop = {};                    // ratings that are neither
  std::string negatives = "uniform";    // none | uniform | popularity
  std::string negative_ratio = "spec";  // spec | a number
  std::string split = "spec";           // keep | spec | time | time-random | shares
  bool drop_duplicates = true;
  bool rated_again = false;  // no option: a pair rated again differently is no duplicate
  int64_t seed = 123;

  void add_options(OptionList& list);
  // Throws kind usage on option values that make no sense; call before reading.
  void check() const;

  // Labels, de-duplicates, splits and draws. Drawn negatives replace given ones. Throws kind data
  // when the rows have no times to split by. Splits:
  //   keep         as the rows have it; negatives by split
  //   spec         .6/.2/.2 of each domain and class, negatives of each user alone
  //   A,B,C        the same with other shares
  //   time         by domain: the last tenth is test, the last tenth of the rest valid; negatives
  //                by split
  //   time-random  by domain: the first .6 train, the others valid and test at random
  void apply(Interactions& table) const;

 private:
  SplitRule shares() const;
  void label(Interactions& table) const;
  void remove_duplicates(Interactions& table) const;
  void assign_splits(Interactions& table) const;
  void add_negatives(Interactions& table) const;
};

}  // namespace ctr
