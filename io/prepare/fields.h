#pragma once
// Fields as converters make them.

#include <string>

#include "io/schema.h"

namespace ctr {

// Categorical, with rows for missing and unseen values.
Field token_field(const std::string& name, FieldRole role = FieldRole::none, int64_t min_count = 1);
// Multivalued or sequence, with the same rows.
Field list_field(const std::string& name, FieldType type, char separator);
Field number_field(const std::string& name, NumberRule rule = NumberRule::raw);
// The domain: as many rows as there are domains.
Field domain_field(const std::string& name);

// Gives a field of tokens its rows for missing and unseen values; others stay as they are.
void add_special_rows(Field& field);

}  // namespace ctr
