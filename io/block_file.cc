#include "io/block_file.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <utility>

#include "engine/check.h"
#include "io/checksum.h"

namespace ctr {
namespace {

static_assert(std::endian::native == std::endian::little, "block files are little-endian");

constexpr size_t kAlignment = 64;
constexpr char kMagic[8] = {'C', 'T', 'R', 'B', 'L', 'O', 'C', 'K'};
constexpr uint32_t kVersion = 1;

// At the start of each block; a table of the parts' sizes (u64 each) follows, then the parts, each
// at a multiple of 64 bytes.
struct Header {
  char magic[8];
  uint32_t version;
  uint32_t parts;
  uint64_t layout;  // layout_hash of the schema
  uint64_t rows;
  uint64_t payload_bytes;     // of the parts, padding included
  uint64_t payload_checksum;  // XXH3
  uint64_t reserved;
  uint64_t header_checksum;  // XXH3 of the header up to here and the table
};
static_assert(sizeof(Header) == 64);

uint64_t round_up(uint64_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

uint64_t header_bytes(uint64_t parts) { return round_up(sizeof(Header) + 8 * parts); }

uint64_t checksum_of(const Header& header, const std::vector<uint64_t>& sizes) {
  Checksum sum;
  sum.update(&header, offsetof(Header, header_checksum));
  sum.update(sizes.data(), 8 * sizes.size());
  return sum.value();
}

// The parts of a block in the order in which they lie: offsets and ids of lists, ids of
// categories, numbers, then labels.
enum class PartKind : uint8_t { ids, offsets, numbers, labels };
struct PartId {
  PartKind kind;
  size_t index;  // of the field or label
};
std::vector<PartId> parts_of(const Schema& schema) {
  std::vector<PartId> parts;
  for (size_t f = 0; f < schema.fields.size(); ++f) {
    const Field& field = schema.fields[f];
    if (field.is_list()) parts.push_back({PartKind::offsets, f});
    parts.push_back({field.type == FieldType::numeric ? PartKind::numbers : PartKind::ids, f});
  }
  for (size_t l = 0; l < schema.labels.size(); ++l) parts.push_back({PartKind::labels, l});
  return parts;
}

template <class T>
std::pair<const void*, uint64_t> bytes_of(const std::vector<T>& values) {
  return {values.data(), values.size() * sizeof(T)};
}

std::pair<const void*, uint64_t> bytes_of(const Columns& columns, PartId part) {
  switch (part.kind) {
    case PartKind::ids:
      return bytes_of(columns.fields[part.index].ids);
    case PartKind::offsets:
      return bytes_of(columns.fields[part.index].offsets);
    case PartKind::numbers:
      return bytes_of(columns.fields[part.index].numbers);
    case PartKind::labels:
      return bytes_of(columns.labels[part.index]);
  }
  return {nullptr, 0};
}

// Appends rows [begin, end) of `from`.
void append(Columns& to, const Columns& from, const Schema& schema, int64_t begin, int64_t end) {
  auto slice = [](auto& target, const auto& source, int64_t first, int64_t last) {
    target.insert(target.end(), source.begin() + first, source.begin() + last);
  };
  for (size_t f = 0; f < schema.fields.size(); ++f) {
    Columns::Column& target = to.fields[f];
    const Columns::Column& source = from.fields[f];
    if (schema.fields[f].type == FieldType::numeric) {
      slice(target.numbers, source.numbers, begin, end);
    } else if (!schema.fields[f].is_list()) {
      slice(target.ids, source.ids, begin, end);
    } else {
      const int64_t first = source.offsets[static_cast<size_t>(begin)];
      const int64_t shift = static_cast<int64_t>(target.ids.size()) - first;
      slice(target.ids, source.ids, first, source.offsets[static_cast<size_t>(end)]);
      for (int64_t row = begin; row < end; ++row)
        target.offsets.push_back(source.offsets[static_cast<size_t>(row) + 1] + shift);
    }
  }
  for (size_t l = 0; l < schema.labels.size(); ++l) slice(to.labels[l], from.labels[l], begin, end);
  to.rows += end - begin;
}

// Every id inside its table, offsets rising, numbers finite, labels in [0, 1]; `where` begins the
// message.
void check_values(const Schema& schema, const BlockView& view, const std::string& where) {
  for (size_t f = 0; f < schema.fields.size(); ++f) {
    const Field& field = schema.fields[f];
    const auto index = static_cast<int64_t>(f);
    if (field.type == FieldType::numeric) {
      for (float x : view.numbers(index))
        CTR_CHECK_DATA(std::isfinite(x), "{}: field '{}' holds the number {}", where, field.name,
                       x);
      continue;
    }
    const std::span<const int32_t> ids = view.ids(index);
    for (int32_t id : ids) {
      CTR_CHECK_DATA(id >= 0 && id < field.vocabulary,
                     "{}: field '{}' holds id {}, its table has {} rows", where, field.name, id,
                     field.vocabulary);
    }
    if (!field.is_list()) continue;
    const std::span<const int64_t> offsets = view.offsets(index);
    bool good = offsets.front() == 0 && offsets.back() == static_cast<int64_t>(ids.size());
    for (size_t row = 1; row < offsets.size(); ++row)
      good = good && offsets[row - 1] <= offsets[row];
    CTR_CHECK_DATA(good, "{}: the offsets of field '{}' do not rise from 0 to its {} ids", where,
                   field.name, ids.size());
  }
  for (size_t l = 0; l < schema.labels.size(); ++l) {
    for (float y : view.labels(static_cast<int64_t>(l)))
      CTR_CHECK_DATA(y >= 0 && y <= 1, "{}: label '{}' is {}, outside [0, 1]", where,
                     schema.labels[l], y);
  }
}

}  // namespace

uint64_t layout_hash(const Schema& schema) {
  std::string text;
  for (const Field& field : schema.fields)
    text += fmt::format("{}\t{}\t{}\n", field.name, name_of(field.type), field.vocabulary);
  for (const std::string& label : schema.labels) text += "label\t" + label + "\n";
  return checksum_of(text);
}

BlockWriter::BlockWriter(const std::string& path, const Schema& schema, int64_t rows_per_block)
    : file_(path),
      schema_(schema),
      pending_(Columns::empty(schema)),
      rows_per_block_(rows_per_block) {}

void BlockWriter::add(const Columns& rows) {
  for (int64_t at = 0; at < rows.rows;) {
    const int64_t end = std::min(rows.rows, at + rows_per_block_ - pending_.rows);
    append(pending_, rows, schema_, at, end);
    rows_ += end - at;
    at = end;
    if (pending_.rows == rows_per_block_) write_block();
  }
}

void BlockWriter::commit() {
  if (pending_.rows > 0) write_block();
  file_.commit();
}

void BlockWriter::write_block() {
  static constexpr char kZeros[kAlignment] = {};
  Header header{};
  std::memcpy(header.magic, kMagic, sizeof(kMagic));
  header.version = kVersion;
  header.layout = layout_hash(schema_);
  header.rows = static_cast<uint64_t>(pending_.rows);
  std::vector<uint64_t> sizes;
  Checksum sum;
  const std::vector<PartId> parts = parts_of(schema_);
  for (PartId part : parts) {
    const auto [data, bytes] = bytes_of(pending_, part);
    sum.update(data, bytes);
    sum.update(kZeros, round_up(bytes) - bytes);
    sizes.push_back(bytes);
    header.payload_bytes += round_up(bytes);
  }
  header.parts = static_cast<uint32_t>(parts.size());
  header.payload_checksum = sum.value();
  header.header_checksum = checksum_of(header, sizes);
  file_.write(&header, sizeof(header));
  file_.write(sizes.data(), 8 * sizes.size());
  file_.write(kZeros, header_bytes(parts.size()) - sizeof(header) - 8 * parts.size());
  for (PartId part : parts) {
    const auto [data, bytes] = bytes_of(pending_, part);
    file_.write(data, bytes);
    file_.write(kZeros, round_up(bytes) - bytes);
  }
  pending_.clear();
}

template <class T>
static std::span<const T> as_span(const std::byte* data, int64_t bytes) {
  return {reinterpret_cast<const T*>(data), static_cast<size_t>(bytes) / sizeof(T)};
}

std::span<const int32_t> BlockView::ids(int64_t field) const {
  const Part& part = ids_[static_cast<size_t>(field)];
  return as_span<int32_t>(part.data, part.bytes);
}
std::span<const int64_t> BlockView::offsets(int64_t field) const {
  const Part& part = offsets_[static_cast<size_t>(field)];
  return as_span<int64_t>(part.data, part.bytes);
}
std::span<const float> BlockView::numbers(int64_t field) const {
  const Part& part = numbers_[static_cast<size_t>(field)];
  return as_span<float>(part.data, part.bytes);
}
std::span<const float> BlockView::labels(int64_t label) const {
  const Part& part = labels_[static_cast<size_t>(label)];
  return as_span<float>(part.data, part.bytes);
}

BlockFile::BlockFile(const std::string& path, const Schema& schema) : file_(path), schema_(schema) {
  const std::span<const std::byte> bytes = file_.bytes();
  const uint64_t layout = layout_hash(schema);
  for (size_t at = 0; at < bytes.size();) at += read_block(bytes.subspan(at), layout);
  rows_per_block_ = blocks_.empty() ? 0 : blocks_.front()->view.rows();
  for (size_t b = 0; b < blocks_.size(); ++b) {
    const int64_t rows = blocks_[b]->view.rows();
    CTR_CHECK_DATA(rows == rows_per_block_ || (b + 1 == blocks_.size() && rows < rows_per_block_),
                   "{}: block {} has {} rows, the first has {}; blocks are missing, or were put "
                   "together from several files",
                   path, b, rows, rows_per_block_);
    rows_ += rows;
  }
}

// Checks one header and notes where the block's parts lie; returns the block's bytes.
size_t BlockFile::read_block(std::span<const std::byte> bytes, uint64_t layout) {
  auto refuse = [&](const std::string& reason) {
    fail(ErrorKind::data, "{}: block {}: {}", file_.path(), blocks_.size(), reason);
  };
  Header header{};
  if (bytes.size() < sizeof(header))
    refuse(fmt::format("{} bytes are too few for a header; the file was cut short", bytes.size()));
  std::memcpy(&header, bytes.data(), sizeof(header));
  if (std::memcmp(header.magic, kMagic, sizeof(kMagic)) != 0)
    refuse("does not begin with CTRBLOCK; this is no block file, or it is damaged");
  if (header.version != kVersion) {
    refuse(fmt::format("has version {}, this program reads {}; prepare the data again",
                       header.version, kVersion));
  }
  const std::vector<PartId> parts = parts_of(schema_);
  if (header.layout != layout || header.parts != parts.size())
    refuse("was written for another schema than the schema.json beside it");
  if (bytes.size() < header_bytes(header.parts)) refuse("its header was cut short");
  std::vector<uint64_t> sizes(header.parts);
  std::memcpy(sizes.data(), bytes.data() + sizeof(header), 8 * sizes.size());
  if (checksum_of(header, sizes) != header.header_checksum)
    refuse("its header is damaged: the checksum does not fit");
  const uint64_t begin = header_bytes(header.parts);
  if (bytes.size() - begin < header.payload_bytes) {
    refuse(fmt::format("holds {} bytes of rows, {} are there; the file was cut short",
                       header.payload_bytes, bytes.size() - begin));
  }
  if (header.rows > header.payload_bytes) refuse("the sizes of its columns do not fit its rows");
  auto block = std::make_unique<Block>();
  block->checksum = header.payload_checksum;
  block->payload = bytes.subspan(begin, header.payload_bytes);
  BlockView& view = block->view;
  view.rows_ = static_cast<int64_t>(header.rows);
  view.ids_.resize(schema_.fields.size());
  view.offsets_.resize(schema_.fields.size());
  view.numbers_.resize(schema_.fields.size());
  view.labels_.resize(schema_.labels.size());
  uint64_t offset = 0;
  for (size_t p = 0; p < parts.size(); ++p) {
    const auto [kind, index] = parts[p];
    const bool fixed = kind != PartKind::ids || !schema_.fields[index].is_list();
    const uint64_t want = kind == PartKind::offsets ? 8 * (header.rows + 1) : 4 * header.rows;
    if ((fixed && sizes[p] != want) || sizes[p] % 4 != 0 ||
        sizes[p] > header.payload_bytes - offset)
      refuse("the sizes of its columns do not fit its rows");
    BlockView::Part& part = kind == PartKind::ids       ? view.ids_[index]
                            : kind == PartKind::offsets ? view.offsets_[index]
                            : kind == PartKind::numbers ? view.numbers_[index]
                                                        : view.labels_[index];
    part = {block->payload.data() + offset, static_cast<int64_t>(sizes[p])};
    offset += round_up(sizes[p]);
    if (offset > header.payload_bytes) refuse("the sizes of its columns do not fit its rows");
  }
  if (offset != header.payload_bytes || header.rows == 0)
    refuse("the sizes of its columns do not fit its rows");
  blocks_.push_back(std::move(block));
  return begin + header.payload_bytes;
}

const BlockView& BlockFile::block(int64_t index) const {
  const Block& block = *blocks_.at(static_cast<size_t>(index));
  if (!block.checked.load(std::memory_order_acquire)) check(index);
  return block.view;
}

void BlockFile::check(int64_t index) const {
  const Block& block = *blocks_[static_cast<size_t>(index)];
  const std::string where = fmt::format("{}: block {}", file_.path(), index);
  CTR_CHECK_DATA(ctr::checksum_of(block.payload.data(), block.payload.size()) == block.checksum,
                 "{}: its rows are damaged: the checksum does not fit; prepare the data again",
                 where);
  check_values(schema_, block.view, where);
  block.checked.store(true, std::memory_order_release);
}

}  // namespace ctr
