// Configurations of MAMDR and MLoRA as options.

#include "tools/mamdr_config.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "io/json.h"
#include "tests/message.h"

namespace ctr {
namespace {

// As in MLoRA's config/Taobao_10/nfm_mlora.json.
Json taobao() {
  return parse_json(R"({
    "model": {"name": "nfm_lora", "norm": "none", "dense": "dense", "lora_r": -1, "lora_reduce": 16,
              "auxiliary_net": false, "user_dim": 128, "item_dim": 128, "domain_dim": 128,
              "auxiliary_dim": 128, "hidden_dim": [256, 128, 64], "dropout": 0.5},
    "train": {"load_pretrain_emb": true, "epoch": 99999, "learning_rate": 0.001, "patience": 3,
              "meta_parms": ["emb", "kernel_shared"], "loss": "binary_crossentropy",
              "optimizer": "adam"},
    "dataset": {"name": "Taobao", "dataset_path": "dataset/Taobao",
                "domain_split_path": "split_by_theme_10", "batch_size": 1024, "seed": 123}})");
}

std::map<std::string, std::string> settings(const Json& json) {
  std::map<std::string, std::string> result;
  for (const MamdrSetting& one : read_mamdr_config(json, "f.json").settings)
    result[one.name] = one.text;
  return result;
}

TEST(MamdrConfig, BecomesOurOptions) {
  EXPECT_TRUE(is_mamdr_config(taobao()));
  EXPECT_FALSE(is_mamdr_config(parse_json(R"({"model": {"dropout": 0.5}, "train": {}})")));
  EXPECT_EQ(settings(taobao()), (std::map<std::string, std::string>{{"model", "nfm"},
                                                                    {"linear", "mlora"},
                                                                    {"lora_reduce", "16"},
                                                                    {"embedding_dim", "128"},
                                                                    {"hidden_units", "256,128,64"},
                                                                    {"dropout", "0.5"},
                                                                    {"epochs", "99999"},
                                                                    {"learning_rate", "0.001"},
                                                                    {"patience", "3"},
                                                                    {"monitor", "mean_auc"},
                                                                    {"data", "taobao"},
                                                                    {"batch_size", "1024"},
                                                                    {"seed", "123"}}));
}

TEST(MamdrConfig, TakesDeepCtrsDialectAndReportsTheRest) {
  Json json = taobao();
  json["model"]["name"] = "autoint_single";
  const auto found = settings(json);
  EXPECT_EQ(found.at("model"), "autoint");
  EXPECT_EQ(found.at("autoint_heads"), "4");
  EXPECT_EQ(found.at("autoint_joint_head"), "true");
  EXPECT_FALSE(found.contains("linear"));
  const MamdrConfig config = read_mamdr_config(json, "f.json");
  EXPECT_EQ(config.unused,
            (std::vector<std::string>{"model.lora_r", "model.lora_reduce", "model.auxiliary_dim",
                                      "train.load_pretrain_emb", "train.meta_parms"}));
  ASSERT_EQ(config.notes.size(), 1U);
  EXPECT_EQ(config.notes[0],
            "dataset/Taobao/split_by_theme_10 holds no prepared data set: the simulated taobao is "
            "used; prepare one there (docs/multi-domain.md) or give --data");
}

TEST(MamdrConfig, RefusesWhatItDoesNotKnow) {
  auto refusal = [](const char* section, const char* key, const Json& value) {
    Json json = taobao();
    json[section][key] = value;
    return message([&] { read_mamdr_config(json, "f.json"); });
  };
  EXPECT_EQ(refusal("train", "patiense", 3),
            "f.json: unknown key 'train.patiense'; did you mean 'train.patience'?");
  EXPECT_EQ(refusal("train", "optimizer", "sgd"),
            "f.json: train.optimizer must be \"adam\" here, got \"sgd\"");
  EXPECT_EQ(refusal("model", "name", "nmf_lora"),
            "f.json: model.name 'nmf_lora' is not known: expected MODEL_single or MODEL_lora; did "
            "you mean 'nfm'?");
  EXPECT_EQ(refusal("model", "item_dim", 64),
            "f.json: model.user_dim 128 and model.item_dim 64 must be equal: all fields have "
            "vectors of one width here");
}

}  // namespace
}  // namespace ctr
