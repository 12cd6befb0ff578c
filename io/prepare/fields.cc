#include "io/prepare/fields.h"

namespace ctr {

void add_special_rows(Field& field) {
  const bool tokens = field.type != FieldType::numeric && field.encoding.ids != IdRule::given;
  if (!tokens || field.role == FieldRole::domain) return;
  field.padding = true;
  field.unseen = true;
}

Field token_field(const std::string& name, FieldRole role, int64_t min_count) {
  Field field;
  field.name = name;
  field.role = role;
  field.encoding.min_count = min_count;
  add_special_rows(field);
  return field;
}

Field list_field(const std::string& name, FieldType type, char separator) {
  Field field = token_field(name);
  field.type = type;
  field.encoding.separator = separator;
  return field;
}

Field number_field(const std::string& name, NumberRule rule) {
  Field field;
  field.name = name;
  field.type = FieldType::numeric;
  field.encoding.numbers = rule;
  return field;
}

Field domain_field(const std::string& name) {
  Field field;
  field.name = name;
  field.role = FieldRole::domain;
  return field;
}

}  // namespace ctr
