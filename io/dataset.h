#pragma once
// A prepared data set: a directory of schema.json, one block file per split, vocabularies and given
// vectors. docs/data.md describes it.
//
//   schema.json            fields, encodings, labels, domains, splits, origin, note, facts
//   train.blocks …         rows (io/block_file.h)
//   vocabulary/NAME.tsv    tokens of a field in the order of their ids (io/vocabulary.h)
//   vectors.safetensors    given vector tables

#include <array>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "io/batch.h"
#include "io/block_file.h"
#include "io/file.h"
#include "io/schema.h"

namespace ctr {

struct Dataset {
  std::string path;
  Schema schema;
  std::string origin;                   // one line: what it is and where it comes from
  std::string note;                     // one line that users must know, or empty
  std::map<std::string, double> facts;  // e.g. best_auc: of the true click probabilities
  std::array<std::shared_ptr<const BlockFile>, 3> splits;  // never null, perhaps without rows
  // Numbers of the rows of a split that are read, ascending; null: all of them (io/only_domains.h).
  std::array<std::shared_ptr<const std::vector<uint32_t>>, 3> chosen;
  GivenVectors vectors;

  const BlockFile& blocks(Split split) const { return *splits[static_cast<size_t>(split)]; }
  int64_t rows(Split split) const {
    const auto& some = chosen[static_cast<size_t>(split)];
    return some ? static_cast<int64_t>(some->size()) : blocks(split).rows();
  }
  // Of a field whose ids come from one; the file may be missing (sets made without text).
  std::string vocabulary_path(const Field& field) const;
};

// Calls f(int32_t) with the id that a categorical field has in each row that is read of a split, in
// their order.
template <class F>
void for_each_id(const Dataset& data, Split split, int64_t field, const F& f) {
  const BlockFile& blocks = data.blocks(split);
  const auto& chosen = data.chosen[static_cast<size_t>(split)];
  size_t next = 0;
  for (int64_t b = 0; b < blocks.blocks(); ++b) {
    const std::span<const int32_t> ids = blocks.block(b).ids(field);
    if (!chosen) {
      for (const int32_t id : ids) f(id);
      continue;
    }
    const auto begin = static_cast<size_t>(b * blocks.rows_per_block());
    for (; next < chosen->size() && (*chosen)[next] < begin + ids.size(); ++next)
      f(ids[(*chosen)[next] - begin]);
  }
}

// Opens a directory. Throws kind io when it is not there, kind data when it is no data set, of
// another version, or its parts do not belong together.
Dataset read_dataset(const std::string& path);

// The schema of a directory alone; throws as read_dataset does.
Schema read_dataset_schema(const std::string& path);

// Writes a directory whole or not at all: everything goes to a temporary name beside `target` until
// commit(). Throws kind usage when `target` exists.
class DatasetWriter {
 public:
  explicit DatasetWriter(const std::string& target);

  // Where files of the set may be put before commit(), such as vocabulary/NAME.tsv.
  const std::string& folder() const { return folder_.path(); }
  // The schema is final from the first call on.
  void begin_rows(const Schema& schema);
  void add(Split split, const Columns& rows);
  void commit(const std::string& origin, const std::string& note,
              const std::map<std::string, double>& facts, const GivenVectors& vectors);

 private:
  AtomicDirectory folder_;  // outlives the writers, whose temporary files lie inside
  Schema schema_;
  std::array<std::unique_ptr<BlockWriter>, 3> writers_;
};

}  // namespace ctr
