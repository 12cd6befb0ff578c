#include "tools/golden/star.h"

#include <nlohmann/json.hpp>

#include "engine/check.h"

namespace ctr {
namespace {

// {"eps": …}, or null: no norm.
void set_norm(const Json& described, StarOptions& options) {
  options.partitioned_norm = !described.is_null();
  if (described.is_null()) return;
  CTR_CHECK_DATA(described.is_object(), "golden: a partitioned_norm of {} is not known",
                 json_text(described));
  for (const auto& [key, value] : described.items()) {
    CTR_CHECK_DATA(key == "eps" && value.is_number(),
                   "golden: setting '{}' = {} of the partitioned norm is not known", key,
                   json_text(value));
    options.norm_epsilon = value.get<double>();
  }
}

}  // namespace

Described described_star(const GoldenFile& file) {
  Described d;
  d.model = "star";
  d.schema = schema_in(file);
  const int64_t domain = d.schema.index_of(FieldRole::domain);
  CTR_CHECK_DATA(domain >= 0, "golden: STAR needs a field of role domain");
  d.schema.domains = d.schema.fields[static_cast<size_t>(domain)].vocabulary;
  d.options.star.auxiliary_hidden_units = {};
  OptionList list = d.options.list();
  const Json options = json_in(file, "options");
  for (const auto& [key, value] : options.items()) {
    if (key == "domains") {
      CTR_CHECK_DATA(value == d.schema.domains, "golden: {} domains, but the field has {} ids",
                     json_text(value), d.schema.domains);
    } else if (key == "partitioned_norm") {
      set_norm(value, d.options.star);
    } else if (key == "auxiliary_hidden_units" && value.is_null()) {
      continue;
    } else if (key == "domain_weight" || key == "auxiliary_hidden_units" ||
               key == "domain_in_input") {
      set_option(list, std::string("star_").append(key), value);
    } else {
      set_option(list, key, value);
    }
  }
  for (const auto& [name, shape] : file.shapes("param/")) d.names[name] = name;
  for (const auto& [name, shape] : file.shapes("state/"))
    d.states[std::string("state/").append(name)] = name;
  return d;
}

}  // namespace ctr
