#include "tools/config_file.h"

#include <unistd.h>

#include <filesystem>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "engine/error.h"
#include "io/file.h"
#include "models/model.h"
#include "tools/presets.h"
#include "tools/train_options.h"

namespace ctr {
namespace {

class ConfigFile : public testing::Test {
 protected:
  std::string path = testing::TempDir() + "/config-" + std::to_string(getpid()) + ".json";
  TrainOptions train;
  ModelOptions model;
  OptionList options = joined(train.list(), model.list());
  void TearDown() override { std::filesystem::remove_all(path); }

  void read(const std::string& text) {
    write_text_atomically(path, text);
    for (const ConfigEntry& entry : read_config_file(path, options))
      options.set(entry.name, entry.text, entry.where);
  }
  std::string refusal(const std::string& text) {
    try {
      read(text);
    } catch (const Error& error) {
      std::string what = error.what();
      EXPECT_EQ(what.substr(0, path.size()), path);
      return what.substr(path.size());
    }
    return "accepted";
  }
};

TEST_F(ConfigFile, TakesFlatKeysAndSections) {
  read(R"({"model": "deepfm", "learning-rate": 2e-3, "train": {"epochs": 5},
           "hidden_units": [256, 128], "decompose": false, "condition_fields": ["user"]})");
  EXPECT_EQ(train.model, "deepfm");
  EXPECT_EQ(train.optimizer.learning_rate, 2e-3);
  EXPECT_EQ(train.epochs, 5);
  EXPECT_EQ(model.hidden_units, (IntList{256, 128}));
  EXPECT_FALSE(model.apg.decompose);
  EXPECT_EQ(model.apg.condition_fields, NameList{"user"});
}

TEST_F(ConfigFile, ReadsWhatItWrites) {
  train.optimizer.learning_rate = 0.1 + 0.2;
  train.monitor = "wauc";
  model.hidden_units = {};
  const std::string text = to_json(options).dump();
  EXPECT_NE(text.find("\"learning_rate\":0.30000000000000004"), std::string::npos);
  EXPECT_NE(text.find("\"hidden_units\":[]"), std::string::npos);
  train = TrainOptions();
  model = ModelOptions();
  read(text);
  EXPECT_EQ(to_json(options).dump(), text);
}

TEST_F(ConfigFile, ADirectoryStandsForItsConfiguration) {
  std::filesystem::create_directory(path);
  write_text_atomically(path + "/config.json", R"({"epochs": 7})");
  EXPECT_EQ(read_config_file(path, options)[0].text, "7");
}

TEST_F(ConfigFile, ThoseOfTheProjectAreUnderstood) {
  int files = 0;
  const std::string folder = std::string(CTR_SOURCE_DIR) + "/configs";
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    TrainOptions of_file;
    ModelOptions of_model;
    OptionList list = joined(of_file.list(), of_model.list());
    set_in_order(list, read_config_file(entry.path().string(), list),
                 [&](const std::string& name) { find_model(name).preset(of_model); });
    EXPECT_EQ(of_file.preset, "bars") << entry.path();
    EXPECT_EQ(of_file.optimizer.update, "dense") << entry.path();
    EXPECT_GT(of_file.optimizer.l2.table, 0) << entry.path();
    ++files;
  }
  EXPECT_GT(files, 3);
}

TEST_F(ConfigFile, NamesThePlaceAndTheNearestName) {
  EXPECT_EQ(refusal("{\n  \"epochs\": 3,\n  \"learnign_rate\": 1\n}"),
            ":3:3: unknown option 'learnign_rate'; did you mean 'learning_rate'?");
  EXPECT_EQ(refusal(R"({"trian": {"epochs": 1}})"),
            ":1:2: unknown section 'trian'; did you mean 'train'?");
  EXPECT_EQ(refusal("{\"epochs\": 3,\n}").substr(0, 15), ":2:1: not JSON:");
  EXPECT_EQ(refusal("[1]"), ": expected an object of options, found array");
  EXPECT_EQ(refusal(R"({"epochs": "many"})"), ":1:2: epochs takes a whole number, got 'many'");
  EXPECT_EQ(refusal(R"({"epochs": 0})"), ":1:2: epochs must be between 1 and 1000000, got 0");
  EXPECT_EQ(refusal(R"({"epochs": null})"),
            ":1:2: 'epochs' must be a number, true, false, a text or a list, found null");
  EXPECT_EQ(refusal(R"({"hidden_units": [[1]]})"),
            ":1:2: the list 'hidden_units' must hold numbers or texts, found array");
  EXPECT_EQ(refusal(R"({"epochs": 3, "train": {"epochs": 4}})"),
            ":1:2: 'epochs' is set twice; remove one");
}

}  // namespace
}  // namespace ctr
