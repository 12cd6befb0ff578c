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
