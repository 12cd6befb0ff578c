#pragma once
// The rows of one split on disk: fixed-width columnar blocks, memory-mapped, little-endian, with
// 64-bit sizes and XXH3 checksums. docs/data.md has the layout.

#include <atomic>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "io/columns.h"
#include "io/file.h"

namespace ctr {

// What a block file must agree with: a digest of the schema's fields and labels (names, types,
// table sizes).
uint64_t layout_hash(const Schema& schema);

class BlockWriter {
 public:
  static constexpr int64_t kRowsPerBlock = int64_t{1} << 16;

  BlockWriter(const std::string& path, const Schema& schema,
              int64_t rows_per_block = kRowsPerBlock);
  // Appends rows, which must fit the schema: readers check, the writer does not.
  void add(const Columns& rows);
  // Writes the last block and makes the file appear under its name.
  void commit();
  int64_t rows() const { return rows_; }

 private:
  void write_block();

  AtomicFile file_;
  Schema schema_;
  Columns pending_;
  int64_t rows_per_block_;
  int64_t rows_ = 0;
};

// The columns of one block, in place in the mapping.
class BlockView {
 public:
  int64_t rows() const { return rows_; }
  std::span<const int32_t> ids(int64_t field) const;
  std::span<const int64_t> offsets(int64_t field) const;  // [rows + 1]
  std::span<const float> numbers(int64_t field) const;
  std::span<const float> labels(int64_t label) const;

 private:
  friend class BlockFile;
  struct Part {
    const std::byte* data = nullptr;
    int64_t bytes = 0;
  };
  int64_t rows_ = 0;
  std::vector<Part> ids_, offsets_, numbers_, labels_;
};

class BlockFile {
 public:
  // Maps the file and checks every block's header. Throws kind data, naming the file and the block,
  // on what is truncated, corrupt, of another version or of another schema.
  BlockFile(const std::string& path, const Schema& schema);

  int64_t rows() const { return rows_; }
  int64_t blocks() const { return static_cast<int64_t>(blocks_.size()); }
  // Rows of each block but the last.
  int64_t rows_per_block() const { return rows_per_block_; }
  // Checksum, ids and offsets are checked when a block is first asked for. Thread-safe.
  const BlockView& block(int64_t index) const;
  const std::string& path() const { return file_.path(); }

 private:
  size_t read_block(std::span<const std::byte> bytes, uint64_t layout);
  void check(int64_t index) const;

  struct Block {
    BlockView view;
    uint64_t checksum;
    std::span<const std::byte> payload;
    mutable std::atomic<bool> checked{false};
  };

  MappedFile file_;
  Schema schema_;
  std::vector<std::unique_ptr<Block>> blocks_;
  int64_t rows_ = 0;
  int64_t rows_per_block_ = 0;
};

}  // namespace ctr
