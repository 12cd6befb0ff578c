// CSV of any bytes, gzip included: two readings give the same rows, and every cell has its place.

#include "io/prepare/delimited.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/source_digest.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const ctr::MemoryFile file(data, size);
  ctr::expect_answer_or_error([&] {
    ctr::DelimitedOptions options;
    options.delimiter = size % 2 == 0 ? ',' : '\t';
    options.quotes = size % 3 != 0;
    ctr::DelimitedSource source({{file.path(), ctr::Split::train}}, options);
    const uint64_t first = ctr::digest_of(source);
    source.rewind();
    if (ctr::digest_of(source) != first) abort();
  });
  return 0;
}
