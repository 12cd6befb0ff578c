// A configuration of any bytes: entries that have a place, or an error.

#include "tests/fuzz/fuzz.h"
#include "tools/config_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const ctr::MemoryFile file(data, size);
  ctr::expect_answer_or_error([&] {
    std::string model;
    double learning_rate = 0;
    int64_t epochs = 0;
    bool shuffle = false;
    std::vector<int64_t> hidden_units;
    ctr::OptionList options;
    options.add({"model", &model, "", {"lr", "deepfm"}});
    options.add({"learning_rate", &learning_rate, "", {}, 0, 1});
    options.add({"epochs", &epochs, "", {}, 1, 1000});
    options.add({"shuffle", &shuffle, ""});
    options.add({"hidden_units", &hidden_units, ""});
    for (const ctr::ConfigEntry& entry : ctr::read_config_file(file.path(), options)) {
      if (entry.where.empty() || entry.name.empty()) abort();
      options.set(entry.name, entry.text, entry.where);
    }
  });
  return 0;
}
