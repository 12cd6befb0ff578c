#include <algorithm>

#include "engine/check.h"
#include "engine/nearest.h"
#include "engine/parallel.h"
#include "io/prepare/encoder.h"

namespace ctr {
namespace {

int64_t find_column(const RowSource& source, const std::string& name, const char* what) {
  const std::vector<std::string>& columns = source.columns();
  const auto found = std::find(columns.begin(), columns.end(), name);
  CTR_CHECK_DATA(found != columns.end(), "{}: there is no column '{}' for the {}{}",
                 source.files().empty() ? "input" : source.files()[0], name, what,
                 advice_on_name(name, columns));
  return found - columns.begin();
}

}  // namespace

ChunkParser::ChunkParser(const Schema& schema, const RowSource& source, bool labels)
    : schema_(schema), source_(source), fields_(schema.fields.size()) {
  for (const Field& field : schema.fields) {
    const std::string& column = field.encoding.column;
    columns_.push_back(find_column(source, column.empty() ? field.name : column, "field"));
  }
  for (size_t l = 0; labels && l < schema.labels.size(); ++l)
    columns_.push_back(find_column(source, schema.labels[l], "label"));
  parsed_.resize(columns_.size());
}

void ChunkParser::parse(const RawChunk& chunk, BadLines& bad) {
  parallel_for(static_cast<int64_t>(columns_.size()), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const auto index = static_cast<size_t>(i);
      const auto& cells = chunk.columns[static_cast<size_t>(columns_[index])];
      if (index < fields_) {
        parse_field(schema_.fields[index], schema_.domain_names, cells, columns_[index],
                    parsed_[index]);
      } else {
        parse_label(cells, columns_[index], parsed_[index]);
      }
    }
  });
  good_.assign(static_cast<size_t>(chunk.rows), 1);
  std::vector<const CellError*> errors;
  for (const ParsedColumn& column : parsed_) {
    for (const CellError& error : column.errors) errors.push_back(&error);
  }
  std::sort(errors.begin(), errors.end(), [](const CellError* a, const CellError* b) {
    return a->row != b->row ? a->row < b->row : a->column < b->column;
  });
  for (const CellError* error : errors) {
    char& good = good_[static_cast<size_t>(error->row)];
    if (good == 0) continue;  // one message a row
    good = 0;
    bad.report(place_of(source_, chunk, error->row, error->column), error->expected, error->found,
               error->advice);
  }
}

}  // namespace ctr
