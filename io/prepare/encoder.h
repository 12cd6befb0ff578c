#pragma once
// Raw text → ids and numbers, by a schema and its vocabularies. `prepare` encodes data sets with
// it, `predict` raw rows.

#include <array>
#include <memory>

#include "io/prepare/parsed_column.h"
#include "io/vocabulary.h"

namespace ctr {

// Vocabularies in the order of the schema's fields; null for fields that need none.
using Vocabularies = std::vector<std::shared_ptr<const Vocabulary>>;

// True when the field's ids come from a vocabulary.
bool needs_vocabulary(const Field& field);

// Those of a data set or run, from FOLDER/vocabulary/NAME.tsv.
Vocabularies load_vocabularies(const Schema& schema, const std::string& folder);

// What was met in a column, by split.
struct CellCounts {
  int64_t unseen[3] = {0, 0, 0};
  int64_t missing[3] = {0, 0, 0};
};

// Finds the schema's columns in a source and reads its chunks, column by column on all threads; the
// result does not depend on their number.
class ChunkParser {
 public:
  // Throws kind data, with the nearest known name, when the source lacks the column of a field or,
  // if `labels` are wanted, of a label.
  ChunkParser(const Schema& schema, const RowSource& source, bool labels);

  // Parses a chunk and reports what is bad in it; good()[r] tells whether row r may be used.
  void parse(const RawChunk& chunk, BadLines& bad);
  const std::vector<char>& good() const { return good_; }
  const ParsedColumn& field(size_t index) const { return parsed_[index]; }
  const ParsedColumn& label(size_t index) const { return parsed_[fields_ + index]; }

 private:
  const Schema& schema_;
  const RowSource& source_;
  size_t fields_;
  std::vector<int64_t> columns_;  // of each field, then of each label
  std::vector<ParsedColumn> parsed_;
  std::vector<char> good_;
};

class Encoder {
 public:
  // `schema` must outlive the encoder; its vocabularies' sizes, offsets and scales are final.
  Encoder(const Schema& schema, Vocabularies vocabularies);

  // Appends the good rows of a parsed chunk to the columns of their splits. Without labels the rows
  // get label 0.
  void encode(const RawChunk& chunk, const ChunkParser& parser, bool labels,
              std::array<Columns, 3>& rows);
  const std::vector<CellCounts>& counts() const { return counts_; }

 private:
  void encode_field(size_t index, const RawChunk& chunk, const ChunkParser& parser,
                    std::array<Columns, 3>& rows);

  const Schema& schema_;
  Vocabularies vocabularies_;
  std::vector<CellCounts> counts_;
};

}  // namespace ctr
