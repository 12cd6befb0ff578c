#pragma once
// The rows that are read of a split (Dataset::chosen) by domain, found once.

#include <cstdint>
#include <span>
#include <vector>

#include "io/dataset.h"

namespace ctr {

// Memory: 4 bytes a row.
class DomainRows {
 public:
  // Throws kind data when no field has the role domain.
  DomainRows(const Dataset& data, Split split);

  int64_t domains() const { return static_cast<int64_t>(begin_.size()) - 1; }
  // Numbers of the domain's rows among those read, ascending unless mixed.
  std::span<const uint32_t> of(int64_t domain) const;
  // Domains that have rows.
  std::vector<int64_t> present() const;
  // Puts the rows of each domain into an order that is a function of the seed, so that a part of
  // them is a part at random.
  void mix(uint64_t seed);

 private:
  std::vector<uint32_t> rows_;  // by domain
  std::vector<size_t> begin_;   // of each domain in rows_; one more at the end
};

}  // namespace ctr
