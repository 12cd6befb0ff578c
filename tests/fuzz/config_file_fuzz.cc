// A configuration of any bytes: entries that have a place, or an error.

#include "tests/fuzz/fuzz.h"
#include "tools/config_file.h"
#include "tools/train_options.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const ctr::MemoryFile file(data, size);
  ctr::expect_answer_or_error([&] {
    ctr::TrainOptions train;
    ctr::OptionList options = train.list();
    for (const ctr::ConfigEntry& entry : ctr::read_config_file(file.path(), options)) {
      if (entry.where.empty() || entry.name.empty()) abort();
      options.set(entry.name, entry.text, entry.where);
    }
  });
  return 0;
}
