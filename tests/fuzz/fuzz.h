#pragma once
// What the fuzz targets share. A target is one function over bytes, LLVMFuzzerTestOneInput:
// libFuzzer drives it (preset fuzz), or fuzz_main.cc, which runs it over the corpus as a plain
// test.

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "engine/error.h"

namespace ctr {

// Bytes as a file that has a path, in memory.
class MemoryFile {
 public:
  MemoryFile(const void* data, size_t bytes) : descriptor_(memfd_create("input", 0)) {
    if (descriptor_ < 0 || write(descriptor_, data, bytes) != static_cast<ssize_t>(bytes)) abort();
  }
  ~MemoryFile() { close(descriptor_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
};

// Runs `f`; a ctr::Error is what bad input should give, anything else ends the program.
template <class F>
void expect_answer_or_error(const F& f) {
  try {
    f();
  } catch (const Error&) {
  }
}

}  // namespace ctr

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
