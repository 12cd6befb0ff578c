#include "tools/mamdr_config.h"

#include <algorithm>
#include <filesystem>
#include <map>

#include <nlohmann/json.hpp>

#include "engine/check.h"
#include "engine/nearest.h"
#include "tools/deepctr.h"

namespace ctr {
namespace {

// Keys that are one of our options, by `section.key`.
const std::map<std::string, std::string> kOptions = {{"model.hidden_dim", "hidden_units"},
                                                     {"model.dropout", "dropout"},
                                                     {"train.learning_rate", "learning_rate"},
                                                     {"train.patience", "patience"},
                                                     {"train.epoch", "epochs"},
                                                     {"dataset.batch_size", "batch_size"},
                                                     {"dataset.seed", "seed"}};

// Keys with one value that is built.
const std::map<std::string, Json> kFixed = {{"train.loss", "binary_crossentropy"},
                                            {"train.optimizer", "adam"},
                                            {"train.train_from_ckp", false},
                                            {"model.auxiliary_net", false}};

// Keys that change nothing: MAMDR's strategies, which no configuration of MLoRA runs; readers,
// paths and logs that are ours.
const std::vector<std::string> kUnused = {
    "model.auxiliary_dim",       "model.pretrain_judge",
    "train.load_pretrain_emb",   "train.emb_trainable",
    "train.meta_learning_rate",  "train.domain_meta_learning_rate",
    "train.merged_method",       "train.sample_num",
    "train.add_query_domain",    "train.finetune_every_epoch",
    "train.shuffle_sequence",    "train.meta_sequence",
    "train.target_domain",       "train.domain_regulation_step",
    "train.meta_train_step",     "train.meta_finetune_step",
    "train.meta_split",          "train.meta_split_ratio",
    "train.average_meta_grad",   "train.meta_parms",
    "train.result_save_path",    "train.checkpoint_path",
    "train.val_every_step",      "train.histogram_freq",
    "train.shuffle_buff_size",   "dataset.shuffle_buffer_size",
    "dataset.num_parallel_reads"};

// Keys that are read by themselves.
const std::vector<std::string> kOwn = {"model.name",
                                       "model.norm",
                                       "model.dense",
                                       "model.lora_r",
                                       "model.lora_reduce",
                                       "model.user_dim",
                                       "model.item_dim",
                                       "model.domain_dim",
                                       "dataset.name",
                                       "dataset.dataset_path",
                                       "dataset.domain_split_path"};

std::vector<std::string> all_keys() {
  std::vector<std::string> all = kUnused;
  all.insert(all.end(), kOwn.begin(), kOwn.end());
  for (const auto& [key, ours] : kOptions) all.push_back(key);
  for (const auto& [key, value] : kFixed) all.push_back(key);
  return all;
}

std::string text_of(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_array()) return json_text(value);
  std::string text;
  for (const Json& element : value)
    text += fmt::format("{}{}", text.empty() ? "" : ",", text_of(element));
  return text;
}

class Reader {
 public:
  Reader(const Json& json, std::string path) : json_(json), path_(std::move(path)) {}

  MamdrConfig read() {
    read_name();
    read_layers();
    read_dimensions();
    read_data();
    add("model.name", "monitor", "mean_auc");  // what they stop by
    for (const auto& [section, keys] : json_.items()) {
      CTR_CHECK_DATA(keys.is_object(),
                     "{}: expected the sections model, train and dataset, found {}", path_,
                     section);
      for (const auto& [key, value] : keys.items())
        read_key(fmt::format("{}.{}", section, key), value);
    }
    return std::move(result_);
  }

 private:
  void add(const std::string& place, const std::string& name, const std::string& text) {
    const size_t dot = place.find('.');
    result_.settings.push_back({place.substr(0, dot), place.substr(dot + 1), name, text});
  }

  // Null where the key is missing.
  Json at(const char* section, const char* key) const {
    const Json& keys = json_.at(section);
    return keys.contains(key) ? keys.at(key) : Json();
  }

  void read_key(const std::string& place, const Json& value) {
    if (const auto ours = kOptions.find(place); ours != kOptions.end())
      return add(place, ours->second, text_of(value));
    if (const auto fixed = kFixed.find(place); fixed != kFixed.end()) {
      CTR_CHECK_DATA(value == fixed->second, "{}: {} must be {} here, got {}", path_, place,
                     json_text(fixed->second), json_text(value));
      return;
    }
    if (std::find(kOwn.begin(), kOwn.end(), place) != kOwn.end()) return;
    if (std::find(kUnused.begin(), kUnused.end(), place) != kUnused.end()) {
      result_.unused.push_back(place);
      return;
    }
    const std::vector<std::string> known = all_keys();
    fail(ErrorKind::data, "{}: unknown key '{}'{}", path_, place, advice_on_name(place, known));
  }

  // "nfm_lora": a model of DeepCTR with MLoRA's layers; "nfm_single": with plain ones.
  void read_name() {
    const std::string name = text_of(at("model", "name"));
    const size_t bar = name.find('_');
    const std::string stem = name.substr(0, bar);
    const std::string layers = bar == std::string::npos ? "" : name.substr(bar + 1);
    is_lora_ = stem == "mlora" || layers == "lora" || layers == "mlora";
    const auto found = deepctr_models().find(stem == "mlora" ? "mlp" : stem);
    std::vector<std::string> known = {"mlora"};
    for (const auto& [one, model] : deepctr_models()) known.push_back(one);
    CTR_CHECK_DATA(
        found != deepctr_models().end() && (layers.empty() || is_lora_ || layers == "single"),
        "{}: model.name '{}' is not known: expected MODEL_single or MODEL_lora{}", path_, name,
        advice_on_name(stem, known));
    const DeepCtrModel& model = found->second;
    add("model.name", "model", stem == "mlora" ? "mlora" : model.model);
    for (const auto& [option, text] : model.dialect) add("model.name", option, text);
    for (const auto& [option, text] : model.defaults) add("model.name", option, text);
    if (model.wide != "always" && model.wide != "never") add("model.name", model.wide, "true");
  }

  void read_layers() {
    const std::string dense = text_of(at("model", "dense"));
    CTR_CHECK_DATA(dense == "dense" || dense == "mlora" || dense == "mlora_freeze",
                   "{}: model.dense must be dense, mlora or mlora_freeze here, got '{}'", path_,
                   dense);
    const std::string norm = text_of(at("model", "norm"));
    CTR_CHECK_DATA(norm == "none", "{}: model.norm must be none here, got '{}'", path_, norm);
    is_lora_ |= dense != "dense";
    if (dense == "mlora_freeze")
      result_.notes.push_back(
          "model.dense mlora_freeze: adapters and shared weights are trained together, not in two "
          "phases");
    const Json rank = at("model", "lora_r"), reduce = at("model", "lora_reduce");
    if (!is_lora_) {
      if (!rank.is_null()) result_.unused.push_back("model.lora_r");
      if (!reduce.is_null()) result_.unused.push_back("model.lora_reduce");
      return;
    }
    add("model.dense", "linear", "mlora");
    const bool ranked = rank.is_number() && rank.get<double>() >= 1 && dense != "dense";
    if (ranked) add("model.lora_r", "lora_rank", text_of(rank));
    if (!ranked && !rank.is_null()) result_.unused.push_back("model.lora_r");
    if (!reduce.is_null()) add("model.lora_reduce", "lora_reduce", text_of(reduce));
  }

  void read_dimensions() {
    const Json user = at("model", "user_dim");
    for (const char* other : {"item_dim", "domain_dim"})
      CTR_CHECK_DATA(at("model", other) == user,
                     "{}: model.user_dim {} and model.{} {} must be equal: all fields have vectors "
                     "of one width here",
                     path_, json_text(user), other, json_text(at("model", other)));
    if (!user.is_null()) add("model.user_dim", "embedding_dim", text_of(user));
  }

  // A prepared data set where theirs lay, else the simulated Taobao-10.
  void read_data() {
    const std::filesystem::path split =
        std::filesystem::path(text_of(at("dataset", "dataset_path"))) /
        text_of(at("dataset", "domain_split_path"));
    if (std::filesystem::exists(split / "schema.json")) {
      add("dataset.domain_split_path", "data", split.string());
      return;
    }
    const bool simulated = text_of(at("dataset", "domain_split_path")) == "split_by_theme_10";
    result_.notes.push_back(fmt::format(
        "{} holds no prepared data set{}; prepare one there (docs/multi-domain.md) or give --data",
        split.string(), simulated ? ": the simulated taobao is used" : ""));
    add("dataset.domain_split_path", "data", simulated ? "taobao" : split.string());
  }

  const Json& json_;
  std::string path_;
  bool is_lora_ = false;
  MamdrConfig result_;
};

}  // namespace

bool is_mamdr_config(const Json& json) {
  return json.is_object() && json.contains("dataset") && json.contains("train") &&
         json.contains("model") && json.at("model").is_object() &&
         json.at("model").contains("name");
}

MamdrConfig read_mamdr_config(const Json& json, const std::string& path) {
  return Reader(json, path).read();
}

}  // namespace ctr
