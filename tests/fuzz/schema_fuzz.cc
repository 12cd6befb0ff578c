// schema.json on any bytes: what is accepted must be written and read back as the same schema.

#include <nlohmann/json.hpp>

#include "io/json.h"
#include "io/schema_json.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const ctr::MemoryFile file(data, size);
  ctr::expect_answer_or_error([&] {
    const ctr::Schema schema = ctr::schema_from_json(ctr::read_json(file.path()), "fuzz");
    if (!(ctr::schema_from_json(ctr::to_json(schema), "fuzz") == schema)) abort();
  });
  return 0;
}
