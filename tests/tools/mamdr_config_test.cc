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

// As in MAMDR's config/Taobao-10/mmoe.json, ple.json, shared_bottom.json.
TEST(MamdrConfig, ReadsModelsWithATaskForEachDomain) {
  Json json = taobao();
  for (const char* key : {"lora_r", "lora_reduce"}) json["model"].erase(key);
  json["model"]["tower_hidden_dim"] = {64};
  json["model"]["name"] = "shared_bottom";
  auto found = settings(json);
  EXPECT_EQ(found.at("model"), "sharedbottom");
  EXPECT_EQ(found.at("tasks"), "domains");
  EXPECT_EQ(found.at("bottom_units"), "256,128,64");
  EXPECT_EQ(found.at("tower_units"), "64");
  EXPECT_FALSE(found.contains("hidden_units"));
  json["model"]["gate_dnn_hidden_units"] = {32};
  json["model"]["num_experts"] = 2;
  json["model"]["name"] = "mmoe_uncertainty_weight";
  found = settings(json);
  EXPECT_EQ(found.at("model"), "mmoe");
  EXPECT_EQ(found.at("experts"), "2");
  EXPECT_EQ(found.at("expert_units"), "256,128,64");
  EXPECT_EQ(found.at("gate_units"), "32");
  EXPECT_EQ(found.at("task_balance"), "uncertainty");
  json["model"].erase("num_experts");
  json["model"]["specific_expert_num"] = 10;
  json["model"]["shared_expert_num"] = 2;
  json["model"]["num_levels"] = 1;
  json["model"]["name"] = "ple";
  found = settings(json);
  EXPECT_EQ(found.at("specific_experts"), "10");
  EXPECT_EQ(found.at("shared_experts"), "2");
  EXPECT_EQ(found.at("ple_levels"), "1");
}

// As in config/Taobao-10/deepctr_uncertainty_weight_taobao_10.json: one output, whose domains are
// weighed.
TEST(MamdrConfig, WeighsDomainsByTheirUncertainty) {
  Json json = taobao();
  for (const char* key : {"lora_r", "lora_reduce"}) json["model"].erase(key);
  json["model"]["name"] = "mlp_uncertainty_weight";
  const auto found = settings(json);
  EXPECT_EQ(found.at("model"), "mlp");
  EXPECT_EQ(found.at("task_balance"), "uncertainty");
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
  EXPECT_EQ(
      refusal("model", "name", "nmf_lora"),
      "f.json: model.name 'nmf_lora' is not known: expected MODEL, MODEL_single, MODEL_lora or "
      "MODEL_meta_STRATEGY; did you mean 'nfm'?");
  EXPECT_EQ(refusal("model", "name", "nfm_meta_mamrd"),
            "f.json: model.name 'nfm_meta_mamrd': 'mamrd' is not known; did you mean 'mamdr'?");
  EXPECT_EQ(refusal("model", "item_dim", 64),
            "f.json: model.user_dim 128 and model.item_dim 64 must be equal: all fields have "
            "vectors of one width here");
}

// As in MAMDR's config/Taobao-10/deepctr_DN+DR.json.
Json mamdr() {
  Json json = taobao();
  json["model"]["name"] = "mlp_meta_mamdr_finetune";
  json["train"].update(parse_json(R"({
    "meta_learning_rate": 0.1, "domain_meta_learning_rate": 0.3, "merged_method": "plus",
    "sample_num": 4, "add_query_domain": true, "finetune_every_epoch": false,
    "shuffle_sequence": true, "meta_sequence": "random", "target_domain": -1,
    "domain_regulation_step": 7, "meta_train_step": 0, "meta_finetune_step": 0,
    "meta_split": "train-train", "meta_split_ratio": 0.8, "average_meta_grad": "none",
    "meta_parms": ["all"]})"));
  return json;
}

TEST(MamdrConfig, ReadsTheKeysOfTheStrategyThatTheNameSays) {
  auto found = settings(mamdr());
  EXPECT_EQ(found.at("model"), "mlp");
  EXPECT_EQ(found.at("strategy"), "mamdr");
  EXPECT_EQ(found.at("outer_rate"), "0.1");
  EXPECT_EQ(found.at("domain_rate"), "0.1") << "theirs never reads domain_meta_learning_rate";
  EXPECT_EQ(found.at("sampled_domains"), "4");
  EXPECT_EQ(found.at("query_domain"), "true");
  EXPECT_EQ(found.at("query_batches"), "7");
  EXPECT_EQ(found.at("finetune_domains"), "true");
  EXPECT_EQ(found.at("finetune_learning_rate"), "0.001");
  EXPECT_EQ(found.at("finetune_patience"), "3");
  EXPECT_FALSE(found.contains("average_moves"));
  const std::vector<std::string> unused = read_mamdr_config(mamdr(), "f.json").unused;
  EXPECT_EQ(std::count(unused.begin(), unused.end(), "train.domain_meta_learning_rate"), 1);
  EXPECT_EQ(std::count(unused.begin(), unused.end(), "train.meta_parms"), 0);

  Json json = mamdr();
  json["model"]["name"] = "mlp_meta_domain_negotiation";
  found = settings(json);
  EXPECT_EQ(found.at("strategy"), "dn");
  EXPECT_FALSE(found.contains("sampled_domains") || found.contains("finetune_domains"));
  json["model"]["name"] = "mlp_meta_maml";
  json["train"]["meta_split"] = "meta-train/val";
  EXPECT_EQ(settings(json).at("support_share"), "0.8");
  json["model"]["name"] = "mlp";
  EXPECT_FALSE(settings(json).contains("strategy"));
  json["train"]["meta_parms"] = {"emb"};
  EXPECT_FALSE(settings(json).contains("strategy"));
  json["model"]["name"] = "mlp_meta_mamdr_batch";
  EXPECT_EQ(message([&] { settings(json); }),
            "f.json: train.meta_parms must be [\"all\"] here, got [\"emb\"]");
}

TEST(MamdrConfig, ReadsStar) {
  Json json = taobao();
  json["model"].update(parse_json(R"({"name": "star_single", "dense": "star", "norm": "pn"})"));
  json["model"].erase("dropout");
  auto found = settings(json);
  EXPECT_EQ(found.at("model"), "star");
  EXPECT_EQ(found.at("star_partitioned_norm"), "true");
  EXPECT_EQ(found.at("star_domain_in_input"), "true");
  EXPECT_EQ(found.at("star_auxiliary_hidden_units"), "");
  EXPECT_EQ(found.at("dropout"), "0");
  json["model"].update(parse_json(R"({"norm": "none", "auxiliary_net": true})"));
  found = settings(json);
  EXPECT_EQ(found.at("star_partitioned_norm"), "false");
  EXPECT_EQ(found.at("star_auxiliary_hidden_units"), "128");
  json["model"]["dense"] = "dense";
  EXPECT_EQ(message([&] { settings(json); }),
            "f.json: model.dense of star must be star here, got 'dense'");
}

TEST(MamdrConfig, TrainsAdaptersAfterwards) {
  Json json = taobao();
  json["model"].update(parse_json(R"({"name": "mlora", "dense": "mlora_freeze"})"));
  const auto found = settings(json);
  EXPECT_EQ(found.at("model"), "mlora");
  EXPECT_EQ(found.at("then_train"), "lora_");
}

}  // namespace
}  // namespace ctr
