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

// Models with a task for each domain, and keys that are their options.
struct TaskModel {
  std::string model;
  std::map<std::string, std::string> options;
};
const std::map<std::string, TaskModel> kTaskModels = {
    {"shared_bottom",
     {"sharedbottom",
      {{"model.hidden_dim", "bottom_units"}, {"model.tower_hidden_dim", "tower_units"}}}},
    {"mmoe",
     {"mmoe",
      {{"model.hidden_dim", "expert_units"},
       {"model.tower_hidden_dim", "tower_units"},
       {"model.num_experts", "experts"},
       {"model.gate_dnn_hidden_units", "gate_units"}}}},
    {"ple",
     {"ple",
      {{"model.hidden_dim", "expert_units"},
       {"model.tower_hidden_dim", "tower_units"},
       {"model.specific_expert_num", "specific_experts"},
       {"model.shared_expert_num", "shared_experts"},
       {"model.num_levels", "ple_levels"},
       {"model.gate_dnn_hidden_units", "gate_units"}}}}};

// Keys with one value that is built.
const std::map<std::string, Json> kFixed = {{"train.loss", "binary_crossentropy"},
                                            {"train.optimizer", "adam"},
                                            {"train.train_from_ckp", false}};

// Keys that a strategy reads, as our options.
const std::map<std::string, std::map<std::string, std::string>> kOfStrategy = {
    {"dn", {{"train.meta_learning_rate", "outer_rate"}}},
    {"reptile", {{"train.meta_learning_rate", "outer_rate"}}},
    {"maml",
     {{"train.meta_learning_rate", "outer_rate"}, {"train.meta_split_ratio", "support_share"}}},
    {"mldg",
     {{"train.meta_learning_rate", "outer_rate"}, {"train.meta_split_ratio", "support_share"}}},
    {"mamdr",
     {{"train.meta_learning_rate", "outer_rate"},
      {"train.sample_num", "sampled_domains"},
      {"train.add_query_domain", "query_domain"},
      {"train.domain_regulation_step", "query_batches"}}}};

// The one value of others that is built for these strategies.
const std::map<std::string, Json> kFixedOfStrategies = {
    {"train.merged_method", "plus"},  {"train.finetune_every_epoch", false},
    {"train.shuffle_sequence", true}, {"train.meta_sequence", "random"},
    {"train.target_domain", -1},      {"train.meta_train_step", 0},
    {"train.meta_finetune_step", 0},  {"train.average_meta_grad", "none"},
    {"train.meta_parms", {"all"}}};

// Keys that change nothing, but for those of strategies where the name asks for one: readers, paths
// and logs that are ours.
const std::vector<std::string> kUnused = {"model.pretrain_judge",
                                          "train.load_pretrain_emb",
                                          "train.emb_trainable",
                                          "train.meta_learning_rate",
                                          "train.domain_meta_learning_rate",
                                          "train.merged_method",
                                          "train.sample_num",
                                          "train.add_query_domain",
                                          "train.finetune_every_epoch",
                                          "train.shuffle_sequence",
                                          "train.meta_sequence",
                                          "train.target_domain",
                                          "train.domain_regulation_step",
                                          "train.meta_train_step",
                                          "train.meta_finetune_step",
                                          "train.meta_split",
                                          "train.meta_split_ratio",
                                          "train.average_meta_grad",
                                          "train.meta_parms",
                                          "train.result_save_path",
                                          "train.checkpoint_path",
                                          "train.val_every_step",
                                          "train.histogram_freq",
                                          "train.shuffle_buff_size",
                                          "dataset.shuffle_buffer_size",
                                          "dataset.num_parallel_reads"};

// Keys that are read by themselves.
const std::vector<std::string> kOwn = {"model.name",
                                       "model.auxiliary_net",
                                       "model.auxiliary_dim",
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
  for (const auto& [stem, model] : kTaskModels)
    for (const auto& [key, ours] : model.options) all.push_back(key);
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
    read_strategy();
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

  // Whether the strategy reads the key.
  bool read_strategy_key(const std::string& place, const Json& value) {
    const auto reads = kOfStrategy.find(strategy_);
    if (reads == kOfStrategy.end()) return false;
    if (const auto ours = reads->second.find(place); ours != reads->second.end()) {
      add(place, ours->second, text_of(value));
      return true;
    }
    const bool meta = strategy_ == "maml" || strategy_ == "mldg";
    const auto fixed = kFixedOfStrategies.find(place);
    if (fixed != kFixedOfStrategies.end()) check_fixed(place, value, fixed->second);
    if (meta && place == "train.meta_split") check_fixed(place, value, "meta-train/val");
    return fixed != kFixedOfStrategies.end() || (meta && place == "train.meta_split");
  }

  void check_fixed(const std::string& place, const Json& value, const Json& expected) const {
    CTR_CHECK_DATA(value == expected, "{}: {} must be {} here, got {}", path_, place,
                   json_text(expected), json_text(value));
  }

  void read_key(const std::string& place, const Json& value) {
    if (read_strategy_key(place, value)) return;
    if (tasks_ != nullptr && tasks_->options.contains(place))
      return add(place, tasks_->options.at(place), text_of(value));
    if (const auto ours = kOptions.find(place); ours != kOptions.end())
      return add(place, ours->second, text_of(value));
    if (const auto fixed = kFixed.find(place); fixed != kFixed.end())
      return check_fixed(place, value, fixed->second);
    if (std::find(kOwn.begin(), kOwn.end(), place) != kOwn.end()) return;
    if (std::find(kUnused.begin(), kUnused.end(), place) != kUnused.end()) {
      result_.unused.push_back(place);
      return;
    }
    const std::vector<std::string> known = all_keys();
    fail(ErrorKind::data, "{}: unknown key '{}'{}", path_, place, advice_on_name(place, known));
  }

  // "nfm_lora": a model of DeepCTR with MLoRA's layers; "nfm_single": with plain ones;
  // "mlp_meta_mamdr_finetune": a strategy of MAMDR; "mmoe": a task for each domain.
  void read_name() {
    const std::string name = text_of(at("model", "name"));
    const bool bottom = name.starts_with("shared_bottom");
    const size_t bar = bottom ? name.find('_', name.find('_') + 1) : name.find('_');
    const std::string stem = name.substr(0, bar);
    read_words(name, bar == std::string::npos ? "" : name.substr(bar + 1));
    is_lora_ |= stem == "mlora";
    if (uncertain_) add("model.name", "task_balance", "uncertainty");
    if (stem == "star") return add("model.name", "model", "star");
    if (const auto tasks = kTaskModels.find(stem); tasks != kTaskModels.end()) {
      tasks_ = &tasks->second;
      add("model.name", "model", tasks_->model);
      add("model.name", "tasks", "domains");
      return;
    }
    const auto found = deepctr_models().find(stem == "mlora" ? "mlp" : stem);
    std::vector<std::string> known = {"mlora", "star", "shared_bottom", "mmoe", "ple"};
    for (const auto& [one, model] : deepctr_models()) known.push_back(one);
    CTR_CHECK_DATA(found != deepctr_models().end(),
                   "{}: model.name '{}' is not known: expected MODEL, MODEL_single, MODEL_lora or "
                   "MODEL_meta_STRATEGY{}",
                   path_, name, advice_on_name(stem, known));
    const DeepCtrModel& model = found->second;
    add("model.name", "model", stem == "mlora" ? "mlora" : model.model);
    for (const auto& [option, text] : model.dialect) add("model.name", option, text);
    for (const auto& [option, text] : model.defaults) add("model.name", option, text);
    if (model.wide != "always" && model.wide != "never") add("model.name", model.wide, "true");
  }

  // What stands behind the model's name.
  void read_words(const std::string& name, std::string rest) {
    static const std::map<std::string, std::string> kStrategies = {{"domain_negotiation", "dn"},
                                                                   {"mamdr", "mamdr"},
                                                                   {"reptile", "reptile"},
                                                                   {"maml", "maml"},
                                                                   {"mldg", "mldg"},
                                                                   {"pcgrad", "pcgrad"},
                                                                   {"separate", "separate"}};
    static const std::vector<std::string> kOthers = {
        "single", "lora", "mlora", "meta", "batch", "finetune", "uncertainty_weight"};
    while (!rest.empty()) {
      std::string word = rest.substr(0, rest.find('_'));
      for (const char* two : {"domain_negotiation", "uncertainty_weight"})
        if (rest.starts_with(two)) word = two;
      rest = rest.size() > word.size() ? rest.substr(word.size() + 1) : "";
      std::vector<std::string> known = kOthers;
      for (const auto& [one, strategy] : kStrategies) known.push_back(one);
      CTR_CHECK_DATA(std::find(known.begin(), known.end(), word) != known.end(),
                     "{}: model.name '{}': '{}' is not known{}", path_, name, word,
                     advice_on_name(word, known));
      is_lora_ |= word == "lora" || word == "mlora";
      finetunes_ |= word == "finetune";
      batch_ |= word == "batch";
      uncertain_ |= word == "uncertainty_weight";
      if (const auto found = kStrategies.find(word); found != kStrategies.end())
        strategy_ = found->second;
    }
  }

  void read_strategy() {
    if (!strategy_.empty()) add("model.name", "strategy", strategy_);
    CTR_CHECK_DATA(!batch_ || strategy_ == "mamdr",
                   "{}: model.name: 'batch' is built for mamdr alone", path_);
    if (batch_) add("model.name", "average_moves", "true");
    const Json rate = at("train", "meta_learning_rate");
    if (strategy_ == "mamdr" && !rate.is_null())  // they read no other
      add("train.meta_learning_rate", "domain_rate", text_of(rate));
    if (strategy_ == "mamdr")
      result_.notes.push_back(
          "the domains' offsets begin at zeros; --domain-start random draws them as there");
    if (!finetunes_) return;
    add("model.name", "finetune_domains", "true");
    for (const char* key : {"learning_rate", "patience"})
      if (const Json value = at("train", key); !value.is_null())
        add(fmt::format("train.{}", key), fmt::format("finetune_{}", key), text_of(value));
  }

  void read_layers() {
    const std::string dense = text_of(at("model", "dense"));
    const std::string norm = text_of(at("model", "norm"));
    const Json auxiliary = at("model", "auxiliary_net"), width = at("model", "auxiliary_dim");
    if (text_of(at("model", "name")).starts_with("star"))
      return read_star(dense, norm, auxiliary == true ? width : Json());
    CTR_CHECK_DATA(dense == "dense" || dense == "mlora" || dense == "mlora_freeze",
                   "{}: model.dense must be dense, mlora or mlora_freeze here, got '{}'", path_,
                   dense);
    CTR_CHECK_DATA(norm == "none", "{}: model.norm must be none here, got '{}'", path_, norm);
    if (!auxiliary.is_null()) check_fixed("model.auxiliary_net", auxiliary, false);
    is_lora_ |= dense != "dense";
    if (dense == "mlora_freeze") {
      add("model.dense", "then_train", "lora_");
      result_.notes.push_back(
          "model.dense mlora_freeze: adapters are trained after the shared weights, from A at "
          "random and B of zeros; there A is zero as well and never learns");
    }
    read_lora(dense);
    if (!width.is_null()) result_.unused.push_back("model.auxiliary_dim");
  }

  void read_lora(const std::string& dense) {
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

  // `auxiliary`: the width of its net, or null.
  void read_star(const std::string& dense, const std::string& norm, const Json& auxiliary) {
    CTR_CHECK_DATA(dense == "star", "{}: model.dense of star must be star here, got '{}'", path_,
                   dense);
    CTR_CHECK_DATA(norm == "pn" || norm == "none",
                   "{}: model.norm of star must be pn or none here, got '{}'", path_, norm);
    add("model.norm", "star_partitioned_norm", norm == "pn" ? "true" : "false");
    add("model.name", "star_domain_in_input", "true");
    add("model.auxiliary_net", "star_auxiliary_hidden_units",
        auxiliary.is_null() ? "" : text_of(auxiliary));
    if (at("model", "dropout").is_null()) add("model.name", "dropout", "0");
    if (!auxiliary.is_null())
      result_.notes.push_back(
          "model.auxiliary_net: the paper's net, where theirs is a layer for each domain");
    result_.notes.push_back(
        "star's domain weights begin as ones; --star-domain-weight reference draws them as there");
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
  bool is_lora_ = false, finetunes_ = false, batch_ = false, uncertain_ = false;
  const TaskModel* tasks_ = nullptr;  // null: one output for all domains
  std::string strategy_;              // ours; empty where the name says none
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
