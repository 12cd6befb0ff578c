#pragma once
// XXH3, 64 bits: a fast hash that finds damage, not forgery. The same on every little-endian
// machine.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace ctr {

uint64_t checksum_of(const void* data, size_t bytes);
inline uint64_t checksum_of(std::string_view text) { return checksum_of(text.data(), text.size()); }

// Of a file's bytes. Throws kind io when it cannot be read.
uint64_t file_checksum(const std::string& path);
// Sixteen hexadecimal digits, as headers and JSON files keep checksums.
std::string checksum_text(uint64_t checksum);

// The checksum of bytes that come in pieces; equals that of the pieces joined.
class Checksum {
 public:
  Checksum();
  ~Checksum();
  Checksum(const Checksum&) = delete;
  Checksum& operator=(const Checksum&) = delete;

  void update(const void* data, size_t bytes);
  uint64_t value() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ctr
