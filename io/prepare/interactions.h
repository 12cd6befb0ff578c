#pragma once
// Users, items and domains in memory: what converters of interaction data fill, draw negatives for
// and hand over as a RowSource. About 40 bytes a row, and the tokens.

#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "io/prepare/row_source.h"

namespace ctr {

// Distinct tokens, numbered as they first appear.
class TokenTable {
 public:
  int32_t id_of(std::string_view token);
  int32_t find(std::string_view token) const;  // -1 when unknown
  std::string_view token(int32_t id) const { return tokens_[static_cast<size_t>(id)]; }
  int32_t size() const { return static_cast<int32_t>(tokens_.size()); }

 private:
  std::deque<std::string> tokens_;  // keeps its strings in place
  std::unordered_map<std::string_view, int32_t> ids_;
};

struct Interaction {
  int32_t user = 0, item = 0, domain = 0;
  float label = 1;
  Split split = Split::train;
  bool split_known = false;
  int32_t file = 0;  // -1: drawn, not read
  int64_t line = 0;
  int64_t time = 0;     // of the data's own clock; 0: none
  int32_t record = -1;  // which cells of ExtraColumn::Of::row are its own; -1: none
};

// A further column, by what decides its cell.
struct ExtraColumn {
  enum class Of : uint8_t { user, item, row };
  std::string name;
  Of of = Of::row;
  std::vector<std::string> cells = {};  // by number of the user, item or record
};

struct Interactions {
  TokenTable users, items, domains;
  std::vector<Interaction> rows;
  std::vector<ExtraColumn> extras;
  std::vector<std::string> files;

  // Drops rows whose (user, item, domain) came before (their label may differ); returns how many.
  int64_t drop_duplicates();
  int64_t positives() const;
};

// Columns user, item, domain, label and the extras, in the order of the rows.
class InteractionSource : public RowSource {
 public:
  explicit InteractionSource(Interactions interactions);

  const std::vector<std::string>& columns() const override { return columns_; }
  const std::vector<std::string>& files() const override { return files_; }
  bool next(RawChunk& chunk, BadLines& bad) override;
  void rewind() override { at_ = 0; }
  int64_t bytes_read() const override { return static_cast<int64_t>(at_); }
  int64_t bytes_total() const override { return static_cast<int64_t>(data_.rows.size()); }
  const Interactions& interactions() const { return data_; }

 private:
  Interactions data_;
  std::vector<std::string> columns_, files_;
  size_t at_ = 0;
};

}  // namespace ctr
