#include "io/domain_rows.h"

#include <limits>

#include "engine/check.h"
#include "engine/rng.h"

namespace ctr {
namespace {

constexpr uint64_t kMixStream = 0xD03A;

}  // namespace

DomainRows::DomainRows(const Dataset& data, Split split) {
  const int64_t field = data.schema.index_of(FieldRole::domain);
  CTR_CHECK_DATA(field >= 0, "data set '{}' marks no field as the domain; prepare it with one",
                 data.schema.name);
  const BlockFile& blocks = data.blocks(split);
  CTR_CHECK_DATA(blocks.rows() <= std::numeric_limits<uint32_t>::max(),
                 "data set '{}': rows by domain are kept for up to 2^32 of them, got {}",
                 data.schema.name, blocks.rows());
  const auto domains =
      static_cast<size_t>(data.schema.fields[static_cast<size_t>(field)].vocabulary);
  begin_.assign(domains + 1, 0);
  for_each_id(data, split, field,
              [&](int32_t domain) { ++begin_[static_cast<size_t>(domain) + 1]; });
  for (size_t d = 0; d < domains; ++d) begin_[d + 1] += begin_[d];
  rows_.resize(begin_.back());
  std::vector<size_t> next(begin_.begin(), begin_.end() - 1);
  uint32_t row = 0;
  for_each_id(data, split, field,
              [&](int32_t domain) { rows_[next[static_cast<size_t>(domain)]++] = row++; });
}

std::span<const uint32_t> DomainRows::of(int64_t domain) const {
  const auto d = static_cast<size_t>(domain);
  return std::span(rows_).subspan(begin_[d], begin_[d + 1] - begin_[d]);
}

std::vector<int64_t> DomainRows::present() const {
  std::vector<int64_t> result;
  for (int64_t d = 0; d < domains(); ++d)
    if (!of(d).empty()) result.push_back(d);
  return result;
}

void DomainRows::mix(uint64_t seed) {
  for (size_t d = 0; d + 1 < begin_.size(); ++d)
    shuffle(std::span(rows_).subspan(begin_[d], begin_[d + 1] - begin_[d]),
            {seed, kMixStream, static_cast<uint32_t>(d)});
}

}  // namespace ctr
