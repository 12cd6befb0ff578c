// libsvm, libfm and libffm lines of any bytes: two readings give the same rows.

#include "io/prepare/sparse_lines.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/source_digest.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const ctr::MemoryFile file(data, size);
  for (const bool with_fields : {false, true}) {
    ctr::expect_answer_or_error([&] {
      ctr::SparseLines source({{file.path(), ctr::Split::train}}, with_fields, {}, 1, {});
      const uint64_t first = ctr::digest_of(source);
      source.rewind();
      if (ctr::digest_of(source) != first) abort();
    });
  }
  return 0;
}
