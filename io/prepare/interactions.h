#pragma once
// Who met what, and where: users, items and domains of a whole data set in memory, for converters
// that must see every row before they can write one (negatives, splits per user, histories). About
// 56 bytes a row, and each distinct text once.

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "io/prepare/row_source.h"

namespace ctr {

// Distinct texts, numbered by first appearance. The text of a number never moves.
class Interner {
 public:
  int32_t add(std::string_view text);
  int32_t find(std::string_view text) const;  // -1 when absent
  std::string_view text(int32_t id) const { return texts_[static_cast<size_t>(id)]; }
  int32_t size() const { return static_cast<int32_t>(texts_.size()); }

 private:
  std::deque<std::string> texts_;
  std::unordered_map<std::string_view, int32_t> ids_;
};

struct Interaction {
  int32_t user = 0, item = 0, domain = 0;
  int32_t file = 0;  // where the row was read; a drawn negative's is that of its click
  int64_t line = 0;
  int64_t context = -1;  // index of the row's own columns, -1: they are empty
  int64_t time = 0;
  double rating = 1;
  bool positive = true;
  Split split = Split::train;
};

// A column beside user, item, domain and label.
struct ExtraColumn {
  enum class Of : uint8_t { user, item, context };

  std::string name;
  Of of = Of::user;
  std::vector<int32_t> values = {};  // in Interactions::texts, by user, item or context; -1 or
                                     // beyond the end: empty

  void set(int64_t index, int32_t text);
};

struct Interactions {
  Interner users, items, texts;
  std::vector<std::string> domains;
  std::vector<Interaction> rows;
  std::vector<ExtraColumn> extras;
};

// The table as raw text with the columns user, item, domain, label and the extras. `load` runs at
// the first next(), so that bad lines reach the collector of `prepare`; it must fill in the extras
// named here, in this order.
class InteractionSource : public RowSource {
 public:
  using Load = std::function<Interactions(BadLines& bad)>;
  InteractionSource(const std::vector<std::string>& extras, std::vector<std::string> files,
                    Load load);

  const std::vector<std::string>& columns() const override { return columns_; }
  const std::vector<std::string>& files() const override { return files_; }
  bool next(RawChunk& chunk, BadLines& bad) override;
  void rewind() override { at_ = 0; }
  int64_t bytes_read() const override;
  int64_t bytes_total() const override { return bytes_total_; }

 private:
  std::string_view cell_of(const ExtraColumn& extra, const Interaction& row) const;

  std::vector<std::string> columns_, files_;
  Load load_;
  bool loaded_ = false;
  Interactions table_;
  size_t at_ = 0;
  int64_t bytes_total_ = 0;
};

// Calls `visit(chunk, row)` for every row of a source.
void for_each_row(RowSource& source, BadLines& bad,
                  const std::function<void(const RawChunk& chunk, size_t row)>& visit);

}  // namespace ctr
