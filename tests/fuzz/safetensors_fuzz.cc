// The safetensors reader on any bytes.

#include "io/safetensors.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const ctr::MemoryFile file(data, size);
  ctr::expect_answer_or_error([&] { ctr::read_safetensors(file.path()); });
  return 0;
}
