#include "io/only_domains.h"

#include <algorithm>

#include "engine/check.h"
#include "engine/nearest.h"

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

std::vector<int64_t> rows_of(const BlockFile& blocks, int64_t field,
                             const std::vector<bool>& wanted) {
  std::vector<int64_t> rows;
  for (int64_t b = 0; b < blocks.blocks(); ++b) {
    const std::span<const int32_t> ids = blocks.block(b).ids(field);
    for (size_t row = 0; row < ids.size(); ++row)
      if (wanted[static_cast<size_t>(ids[row])])
        rows.push_back(b * blocks.rows_per_block() + static_cast<int64_t>(row));
  }
  return rows;
}

}  // namespace

Dataset only_domains(const Dataset& data, const std::vector<std::string>& names) {
  Dataset result = data;
  if (names.empty()) return result;
  const int64_t field = data.schema.index_of(FieldRole::domain);
  CTR_CHECK(field >= 0, "data set '{}' marks no domain field; rows of some domains were asked for",
            data.schema.name);
  const std::vector<bool> wanted = named_domains(data.schema, names);
  for (size_t s = 0; s < data.splits.size(); ++s)
    result.chosen[s] =
        std::make_shared<const std::vector<int64_t>>(rows_of(*data.splits[s], field, wanted));
  return result;
}

}  // namespace ctr
