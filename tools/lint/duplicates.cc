#include "tools/lint/duplicates.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "io/checksum.h"

namespace ctr {
namespace {

// A row of one split. Equal fields have equal `hash` but for its lowest bit, the label.
struct HashedRow {
  uint64_t hash;
  uint8_t split;
};

// Copies the row's values in the schema's order; lists with their lengths.
void row_bytes(const Schema& schema, const BlockView& block, size_t row, std::vector<char>& bytes) {
  bytes.clear();
  auto append = [&](const auto& value) {
    const size_t at = bytes.size();
    bytes.resize(at + sizeof(value));
    std::memcpy(bytes.data() + at, &value, sizeof(value));
  };
  for (size_t f = 0; f < schema.fields.size(); ++f) {
    const auto field = static_cast<int64_t>(f);
    if (schema.fields[f].type == FieldType::numeric) {
      append(block.numbers(field)[row] + 0.0f);  // −0 becomes 0
    } else if (!schema.fields[f].is_list()) {
      append(block.ids(field)[row]);
    } else {
      const std::span<const int64_t> offsets = block.offsets(field);
      append(offsets[row + 1] - offsets[row]);
      for (int64_t k = offsets[row]; k < offsets[row + 1]; ++k)
        append(block.ids(field)[static_cast<size_t>(k)]);
    }
  }
}

// Hashes of pass `pass` of `passes`, told apart by their highest bits.
std::vector<HashedRow> hashes(const Dataset& data, int64_t pass, int64_t passes) {
  int64_t all = 0;
  for (const auto& blocks : data.splits) all += blocks->rows();
  std::vector<HashedRow> rows;
  rows.reserve(
      static_cast<size_t>(all / passes + all / passes / 64 + 1000));  // their expected count
  std::vector<char> bytes;
  for (size_t s = 0; s < kSplitNames.size(); ++s) {
    const BlockFile& blocks = data.blocks(static_cast<Split>(s));
    for (int64_t b = 0; b < blocks.blocks(); ++b) {
      const BlockView& block = blocks.block(b);
      for (size_t row = 0; row < static_cast<size_t>(block.rows()); ++row) {
        row_bytes(data.schema, block, row, bytes);
        const uint64_t hash = checksum_of(bytes.data(), bytes.size());
        if (static_cast<int64_t>((hash >> 32) % static_cast<uint64_t>(passes)) != pass) continue;
        const uint64_t click = block.labels(0)[row] > 0.5f ? 1 : 0;
        rows.push_back({(hash & ~uint64_t{1}) | click, static_cast<uint8_t>(s)});
      }
    }
  }
  return rows;
}

void count(std::vector<HashedRow>& rows, Duplicates& result) {
  std::sort(rows.begin(), rows.end(), [](const HashedRow& a, const HashedRow& b) {
    return a.hash != b.hash ? a.hash < b.hash : a.split < b.split;
  });
  uint64_t last_in_train = 1;  // fields of the last training row, an odd value is none
  uint64_t last_conflict = 1;
  uint64_t last_label = 0;
  for (size_t begin = 0; begin < rows.size();) {
    size_t end = begin;
    std::array<int64_t, 3> here{};
    for (; end < rows.size() && rows[end].hash == rows[begin].hash; ++end) ++here[rows[end].split];
    for (size_t s = 0; s < here.size(); ++s) {
      result.within[s] += std::max<int64_t>(here[s] - 1, 0);
      if (s > 0 && here[0] > 0) result.in_train[s] += here[s];
    }
    const uint64_t fields = rows[begin].hash & ~uint64_t{1}, label = rows[begin].hash & 1;
    if (here[0] > 0) {
      if (fields == last_in_train && label != last_label && fields != last_conflict) {
        ++result.conflicting;
        last_conflict = fields;
      }
      last_in_train = fields;
      last_label = label;
    }
    begin = end;
  }
}

}  // namespace

Duplicates find_duplicates(const Dataset& data, int64_t most_hashes) {
  int64_t all = 0;
  for (const auto& blocks : data.splits) all += blocks->rows();
  const int64_t passes = all / most_hashes + 1;
  Duplicates result;
  for (int64_t pass = 0; pass < passes; ++pass) {
    std::vector<HashedRow> rows = hashes(data, pass, passes);
    count(rows, result);
  }
  return result;
}

}  // namespace ctr
