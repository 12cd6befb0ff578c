#include "tools/config_file.h"

#include <unistd.h>

#include <filesystem>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "engine/error.h"
#include "io/file.h"
#include "io/json.h"
#include "models/model.h"
#include "tools/deepctr.h"
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
  const std::string text = json_text(to_json(options));
  EXPECT_NE(text.find("\"learning_rate\":0.30000000000000004"), std::string::npos);
  EXPECT_NE(text.find("\"hidden_units\":[]"), std::string::npos);
  train = TrainOptions();
  model = ModelOptions();
  read(text);
  EXPECT_EQ(json_text(to_json(options)), text);
}

TEST_F(ConfigFile, ADirectoryStandsForItsConfiguration) {
  std::filesystem::create_directory(path);
  write_text_atomically(path + "/config.json", R"({"epochs": 7})");
  EXPECT_EQ(read_config_file(path, options)[0].text, "7");
}

// The JSON files of a folder of configs/.
std::vector<std::string> files_of(const std::string& folder) {
  std::vector<std::string> files;
  const std::string path = std::string(CTR_SOURCE_DIR) + "/configs/" + folder;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(path))
    if (entry.is_regular_file()) files.push_back(entry.path().string());
  return files;
}

// Sets the options as `train --config` does.
void take(const std::string& file, TrainOptions& of_file, ModelOptions& of_model) {
  OptionList list = joined(of_file.list(), of_model.list());
  set_in_order(list, read_config_file(file, list),
               [&](const std::string& name) { find_model(name).preset(of_model); });
}

TEST_F(ConfigFile, FrappesFollowThePublishedProtocol) {
  const std::vector<std::string> files = files_of("frappe");
  EXPECT_GT(files.size(), 3U);
  for (const std::string& file : files) {
    TrainOptions of_file;
    ModelOptions of_model;
    take(file, of_file, of_model);
    EXPECT_EQ(of_file.preset, "bars") << file;
    EXPECT_EQ(of_file.optimizer.update, "replay") << file;
    EXPECT_GT(of_file.optimizer.l2.table, 0) << file;
  }
}

// Each backbone with and without adapters: these are all that differs.
TEST_F(ConfigFile, MlorasBackbonesTakeAdapters) {
  Schema schema;
  schema.name = "three fields";
  schema.domains = 10;
  schema.fields = {{"user", FieldType::categorical, 30, FieldRole::user},
                   {"item", FieldType::categorical, 20, FieldRole::item},
                   {"domain", FieldType::categorical, 10, FieldRole::domain}};
  const std::vector<std::string> files = files_of("mlora");
  EXPECT_EQ(files.size(), 27U);
  for (const std::string& file : files) {
    TrainOptions of_file;
    ModelOptions of_model;
    take(file, of_file, of_model);
    EXPECT_EQ(of_file.monitor, "mean_auc") << file;
    const DeepCtrModel& theirs = deepctr_models().at(std::filesystem::path(file).stem().string());
    EXPECT_EQ(of_file.model, theirs.model) << file;
    for (const auto* settings : {&theirs.dialect, &theirs.defaults}) {
      for (const auto& [name, text] : *settings) {
        ModelOptions same = of_model;  // to set what the file set changes nothing
        same.list().set(name, text, "DeepCTR");
        EXPECT_EQ(to_json(same.list()), to_json(of_model.list())) << file << ' ' << name;
      }
    }
    const GivenVectors none;
    ParameterStore plain(DType::f32, 1), adapted(DType::f32, 1);
    of_model.linear = "plain";
    find_model(of_file.model).make(Scope(plain), {schema, none, of_model});
    of_model.linear = "mlora";
    find_model(of_file.model).make(Scope(adapted), {schema, none, of_model});
    int64_t adapters = 0;
    for (const auto& parameter : adapted.all())
      adapters +=
          parameter->name.find("/lora_") == std::string::npos ? 0 : parameter->value.count();
    EXPECT_GT(adapters, 0) << file;
    EXPECT_EQ(adapted.count_trainable() - plain.count_trainable(), adapters) << file;
  }
}

// Parameters that training moves with configs/frappe/*.json, against the published runs' logs.
// Those counted one row a field less; DeepFM's had no bias in the linear term.
TEST_F(ConfigFile, FrappesModelsHaveThePublishedSizes) {
  constexpr int64_t kWithoutPadding = 5389, kWithPadding = 5399;
  struct Published {
    const char* file;
    int64_t ids, count;
  };
  constexpr Published kPublished[] = {
      {"lr", kWithoutPadding, 5'390},          {"fm", kWithoutPadding, 59'280},
      {"ffm", kWithoutPadding, 490'400},       {"fwfm", kWithoutPadding, 107'826},
      {"nfm", kWithoutPadding, 384'880},       {"ipnn", kWithoutPadding, 433'491},
      {"widedeep", kWithoutPadding, 423'280},  {"deepfm", kWithoutPadding, 423'280 + 1},
      {"dualmlp", kWithoutPadding, 781'892},   {"mlp", kWithoutPadding, 417'891},
      {"crossnet", kWithoutPadding, 55'191},   {"dcn", kWithoutPadding, 418'591},
      {"crossnetv2", kWithoutPadding, 94'391}, {"dcnv2", kWithoutPadding, 458'391},
      {"cin", kWithoutPadding, 147'984},       {"xdeepfm", kWithoutPadding, 429'809},
      {"autoint", kWithoutPadding, 306'051},   {"autoint_plus", kWithoutPadding, 622'180},
      {"afn", kWithoutPadding, 4'066'711},     {"afn_plus", kWithoutPadding, 4'482'205},
      {"fibinet", kWithoutPadding, 743'480},   {"deepim", kWithoutPadding, 417'922},
      {"masknet", kWithoutPadding, 571'691},   {"edcn", kWithoutPadding, 86'351},
      {"finalmlp", kWithPadding, 253'392}};
  for (const Published& run : kPublished) {
    Schema schema;
    schema.name = "frappe";
    for (const char* name : {"user", "item", "daytime", "weekday", "isweekend", "homework", "cost",
                             "weather", "country", "city"}) {
      const int64_t tables[] = {956, 4084, 9, 9, 4, 5, 4, 11, 82, 235};
      const int64_t rows = tables[schema.fields.size()] - (run.ids == kWithPadding ? 0 : 1);
      schema.fields.push_back({name, FieldType::categorical, rows});
    }
    TrainOptions of_file;
    ModelOptions of_model;
    take(std::string(CTR_SOURCE_DIR) + "/configs/frappe/" + run.file + ".json", of_file, of_model);
    ParameterStore store(DType::f32, 1);
    const GivenVectors none;
    const auto made = find_model(of_file.model).make(Scope(store), {schema, none, of_model});
    EXPECT_EQ(store.count_trainable(), run.count) << run.file;
  }
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
