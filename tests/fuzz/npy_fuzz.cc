// The .npy reader on any bytes: as they are, and behind a header that is good.

#include "io/npy.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const std::string start("\x93NUMPY\x01\0", 8);
  const std::string length{static_cast<char>(size & 255), static_cast<char>(size >> 8 & 255)};
  for (const std::string& text : {bytes, start + length + bytes}) {
    const ctr::MemoryFile file(text.data(), text.size());
    ctr::expect_answer_or_error([&] { ctr::read_npy(file.path()); });
  }
  return 0;
}
