#include "io/prepare/interactions.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "engine/check.h"
#include "io/prepare/text_reader.h"

namespace ctr {

int32_t Interner::add(std::string_view text) {
  if (const auto found = ids_.find(text); found != ids_.end()) return found->second;
  CTR_CHECK_DATA(texts_.size() < static_cast<size_t>(std::numeric_limits<int32_t>::max()),
                 "prepare: more than {} distinct texts in one column",
                 std::numeric_limits<int32_t>::max());
  const int32_t id = size();
  texts_.emplace_back(text);
  ids_.emplace(texts_.back(), id);
  return id;
}

int32_t Interner::find(std::string_view text) const {
  const auto found = ids_.find(text);
  return found == ids_.end() ? -1 : found->second;
}

void ExtraColumn::set(int64_t index, int32_t text) {
  const auto at = static_cast<size_t>(index);
  if (at >= values.size()) values.resize(at + 1, -1);
  values[at] = text;
}

InteractionSource::InteractionSource(const std::vector<std::string>& extras,
                                     std::vector<std::string> files, Load load)
    : columns_{"user", "item", "domain", "label"},
      files_(std::move(files)),
      load_(std::move(load)) {
  columns_.insert(columns_.end(), extras.begin(), extras.end());
  for (const std::string& file : files_) bytes_total_ += file_size(file);
}

int64_t InteractionSource::bytes_read() const {
  if (!loaded_ || table_.rows.empty()) return 0;
  const double share = static_cast<double>(at_) / static_cast<double>(table_.rows.size());
  return static_cast<int64_t>(share * static_cast<double>(bytes_total_));
}

std::string_view InteractionSource::cell_of(const ExtraColumn& extra,
                                            const Interaction& row) const {
  const int64_t index = extra.of == ExtraColumn::Of::user   ? row.user
                        : extra.of == ExtraColumn::Of::item ? row.item
                                                            : row.context;
  if (index < 0 || index >= std::ssize(extra.values)) return {};
  const int32_t text = extra.values[static_cast<size_t>(index)];
  return text < 0 ? std::string_view() : table_.texts.text(text);
}

bool InteractionSource::next(RawChunk& chunk, BadLines& bad) {
  if (!loaded_) {
    table_ = load_(bad);
    loaded_ = true;
    CTR_ASSERT(table_.extras.size() + 4 == columns_.size());
  }
  chunk.clear(columns_.size());
  const size_t end = std::min(table_.rows.size(), at_ + static_cast<size_t>(RawChunk::kRows));
  for (; at_ < end; ++at_) {
    const Interaction& row = table_.rows[at_];
    chunk.columns[0].push_back(table_.users.text(row.user));
    chunk.columns[1].push_back(table_.items.text(row.item));
    chunk.columns[2].push_back(table_.domains[static_cast<size_t>(row.domain)]);
    chunk.columns[3].push_back(row.positive ? "1" : "0");
    for (size_t e = 0; e < table_.extras.size(); ++e)
      chunk.columns[4 + e].push_back(cell_of(table_.extras[e], row));
    chunk.split.push_back(row.split);
    chunk.file.push_back(row.file);
    chunk.line.push_back(row.line);
    chunk.line_start.push_back(nullptr);
    ++chunk.rows;
  }
  return chunk.rows > 0;
}

void for_each_row(RowSource& source, BadLines& bad,
                  const std::function<void(const RawChunk& chunk, size_t row)>& visit) {
  RawChunk chunk;
  while (source.next(chunk, bad))
    for (size_t r = 0; r < static_cast<size_t>(chunk.rows); ++r) visit(chunk, r);
}

}  // namespace ctr
