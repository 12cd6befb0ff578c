#pragma once
// Labels by split and domain: what a data set says about its classes.

#include <cstdint>
#include <string>
#include <vector>

#include "io/columns.h"

namespace ctr {

class LabelCounts {
 public:
  explicit LabelCounts(const Schema& schema);
  void add(size_t split, const Columns& rows);

  // "the valid split has no rows", "domain 'x' has one class in the test split: …".
  std::vector<std::string> warnings() const;

 private:
  struct Count {
    int64_t rows = 0;
    double clicks = 0;
  };
  const Schema& schema_;
  int64_t domain_field_;
  std::vector<Count> counts_[3];  // of each domain, by the first label
};

}  // namespace ctr
