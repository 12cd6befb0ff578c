#include "io/columns.h"

namespace ctr {

Columns Columns::empty(const Schema& schema) {
  Columns columns;
  columns.fields.resize(schema.fields.size());
  columns.labels.resize(schema.labels.size());
  for (size_t f = 0; f < schema.fields.size(); ++f) {
    if (schema.fields[f].is_list()) columns.fields[f].offsets = {0};
  }
  return columns;
}

void Columns::clear() {
  rows = 0;
  for (Column& column : fields) {
    column.ids.clear();
    column.numbers.clear();
    if (!column.offsets.empty()) column.offsets.assign(1, 0);
  }
  for (std::vector<float>& label : labels) label.clear();
}

}  // namespace ctr
