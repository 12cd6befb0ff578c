#include "io/only_domains.h"

#include <algorithm>

#include "engine/check.h"
#include "engine/nearest.h"
#include "io/domain_rows.h"

namespace ctr {
namespace {

// Whether each domain is one of those named.
std::vector<bool> named_domains(const Schema& schema, const std::vector<std::string>& names) {
  std::vector<std::string> known;
  for (int64_t d = 0; d < schema.domains; ++d)
    known.push_back(schema.domain_name(static_cast<size_t>(d)));
  std::vector<bool> wanted(known.size());
  for (const std::string& name : names) {
    auto found = static_cast<size_t>(std::find(known.begin(), known.end(), name) - known.begin());
    for (size_t d = 0; found == known.size() && d < known.size(); ++d)
      if (name == std::to_string(d)) found = d;
    CTR_CHECK(found < known.size(), "data set '{}' has no domain '{}'{}", schema.name, name,
              advice_on_name(name, known));
    wanted[found] = true;
  }
  return wanted;
}

// Rows of the domains that are wanted, ascending, as the blocks number them.
std::vector<uint32_t> rows_of(const Dataset& data, Split split, const std::vector<bool>& wanted) {
  const DomainRows by_domain(data, split);
  std::vector<uint32_t> rows;
  for (size_t d = 0; d < wanted.size(); ++d) {
    const std::span<const uint32_t> some = by_domain.of(static_cast<int64_t>(d));
    if (wanted[d]) rows.insert(rows.end(), some.begin(), some.end());
  }
  std::sort(rows.begin(), rows.end());
  if (const auto& before = data.chosen[static_cast<size_t>(split)])
    for (uint32_t& row : rows) row = (*before)[row];
  return rows;
}

}  // namespace

Dataset only_domains(const Dataset& data, const std::vector<std::string>& names) {
  Dataset result = data;
  if (names.empty()) return result;
  const std::vector<bool> wanted = named_domains(data.schema, names);
  for (const Split split : {Split::train, Split::valid, Split::test})
    result.chosen[static_cast<size_t>(split)] =
        std::make_shared<const std::vector<uint32_t>>(rows_of(data, split, wanted));
  return result;
}

}  // namespace ctr
