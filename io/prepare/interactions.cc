#include "io/prepare/interactions.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "engine/check.h"

namespace ctr {
namespace {

// Labels as text, where sources hand over text.
std::string_view label_text(float label) {
  if (label == 1) return "1";
  CTR_ASSERT(label == 0);
  return "0";
}

}  // namespace

int32_t TokenTable::id_of(std::string_view token) {
  if (auto found = ids_.find(token); found != ids_.end()) return found->second;
  CTR_CHECK_DATA(tokens_.size() < INT32_MAX, "prepare: more than 2^31 distinct tokens");
  const auto id = static_cast<int32_t>(tokens_.size());
  tokens_.emplace_back(token);
  ids_.emplace(tokens_.back(), id);
  return id;
}

int32_t TokenTable::find(std::string_view token) const {
  const auto found = ids_.find(token);
  return found == ids_.end() ? -1 : found->second;
}

int64_t Interactions::drop_duplicates() {
  std::vector<std::unordered_set<uint64_t>> seen(static_cast<size_t>(domains.size()));
  const size_t before = rows.size();
  std::erase_if(rows, [&](const Interaction& row) {
    const uint64_t pair = static_cast<uint64_t>(row.user) << 32 | static_cast<uint32_t>(row.item);
    return !seen[static_cast<size_t>(row.domain)].insert(pair).second;
  });
  return static_cast<int64_t>(before - rows.size());
}

int64_t Interactions::positives() const {
  return std::count_if(rows.begin(), rows.end(),
                       [](const Interaction& row) { return row.label > 0.5f; });
}

InteractionSource::InteractionSource(Interactions interactions)
    : data_(std::move(interactions)), files_(data_.files) {
  columns_ = {"user", "item", "domain", "label"};
  for (const ExtraColumn& extra : data_.extras) columns_.push_back(extra.name);
  files_.emplace_back("drawn negatives");
}

bool InteractionSource::next(RawChunk& chunk, BadLines&) {
  chunk.clear(columns_.size());
  const size_t end = std::min(data_.rows.size(), at_ + static_cast<size_t>(RawChunk::kRows));
  for (; at_ < end; ++at_) {
    const Interaction& row = data_.rows[at_];
    chunk.columns[0].push_back(data_.users.token(row.user));
    chunk.columns[1].push_back(data_.items.token(row.item));
    chunk.columns[2].push_back(data_.domains.token(row.domain));
    chunk.columns[3].push_back(label_text(row.label));
    for (size_t e = 0; e < data_.extras.size(); ++e) {
      const ExtraColumn& extra = data_.extras[e];
      const int32_t of = extra.of == ExtraColumn::Of::user   ? row.user
                         : extra.of == ExtraColumn::Of::item ? row.item
                                                             : row.record;
      const auto index = static_cast<size_t>(of);  // -1: beyond all cells
      chunk.columns[4 + e].push_back(
          index < extra.cells.size() ? std::string_view(extra.cells[index]) : std::string_view());
    }
    chunk.split.push_back(row.split);
    chunk.file.push_back(row.file < 0 ? static_cast<int32_t>(files_.size()) - 1 : row.file);
    chunk.line.push_back(row.line);
    chunk.line_start.push_back(nullptr);
    ++chunk.rows;
  }
  return chunk.rows > 0;
}

}  // namespace ctr
