#include "io/schema.h"

#include "engine/check.h"
#include "engine/nearest.h"

namespace ctr {

int64_t Schema::index_of(const std::string& wanted) const {
  std::vector<std::string> names;
  for (size_t f = 0; f < fields.size(); ++f) {
    if (fields[f].name == wanted) return static_cast<int64_t>(f);
    names.push_back(fields[f].name);
  }
  fail(ErrorKind::usage, "data set '{}' has no field '{}'{}", name, wanted,
       advice_on_name(wanted, names));
}

void check_shares(const Schema& schema) {
  for (size_t f = 0; f < schema.fields.size(); ++f) {
    const Field& field = schema.fields[f];
    if (field.shares.empty()) continue;
    const auto index = static_cast<size_t>(schema.index_of(field.shares));
    const Field& owner = schema.fields[index];
    CTR_CHECK_DATA(
        index < f && owner.shares.empty(),
        "field '{}' shares the table of '{}', which must stand before it and have a table "
        "of its own",
        field.name, field.shares);
    CTR_CHECK_DATA(field.type != FieldType::numeric && owner.type != FieldType::numeric &&
                       field.vocabulary == owner.vocabulary && field.padding == owner.padding &&
                       field.unseen == owner.unseen,
                   "field '{}' shares the table of '{}' and needs its vocabulary and its ids for "
                   "missing and unseen tokens; found {} and {} rows",
                   field.name, field.shares, field.vocabulary, owner.vocabulary);
  }
}

std::string Schema::domain_name(size_t domain) const {
  return domain < domain_names.size() ? domain_names[domain] : std::to_string(domain);
}

int64_t Schema::index_of(FieldRole role) const {
  for (size_t f = 0; f < fields.size(); ++f) {
    if (fields[f].role == role) return static_cast<int64_t>(f);
  }
  return -1;
}

}  // namespace ctr
