// The block file reader on any bytes: as they are, and with the checksums put right, so that the
// checks behind them are reached too.

#include <cstring>

#include "io/block_file.h"
#include "io/checksum.h"
#include "tests/fuzz/fuzz.h"

namespace {

using ctr::FieldRole;
using ctr::FieldType;

ctr::Schema schema() {
  ctr::Schema schema;
  schema.name = "fuzz";
  schema.fields = {{"user", FieldType::categorical, 50},
                   {"tags", FieldType::multivalued, 9},
                   {"price", FieldType::numeric}};
  return schema;
}

void read_all(const std::string& bytes) {
  const ctr::MemoryFile memory(bytes.data(), bytes.size());
  ctr::expect_answer_or_error([&] {
    ctr::BlockFile file(memory.path(), schema());
    for (int64_t b = 0; b < file.blocks(); ++b) file.block(b);
  });
}

// The first block's checksums, as docs/data.md lays out the header.
std::string repaired(std::string bytes) {
  constexpr size_t kHeader = 64;
  if (bytes.size() < 2 * kHeader) return bytes;
  uint32_t parts = 0;
  std::memcpy(&parts, &bytes[12], 4);
  const size_t begin = (kHeader + size_t{8} * parts + 63) / 64 * 64;
  if (parts > 100 || begin > bytes.size()) return bytes;
  uint64_t payload = 0;
  std::memcpy(&payload, &bytes[32], 8);
  if (payload > bytes.size() - begin) return bytes;
  const uint64_t sum = ctr::checksum_of(bytes.data() + begin, payload);
  std::memcpy(&bytes[40], &sum, 8);
  ctr::Checksum header;
  header.update(bytes.data(), 56);
  header.update(bytes.data() + kHeader, size_t{8} * parts);
  const uint64_t header_sum = header.value();
  std::memcpy(&bytes[56], &header_sum, 8);
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  read_all(bytes);
  read_all(repaired(bytes));
  return 0;
}
