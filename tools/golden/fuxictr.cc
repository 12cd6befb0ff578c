#include <algorithm>
#include <cctype>
#include <set>

#include <nlohmann/json.hpp>

#include "engine/check.h"
#include "io/json.h"
#include "tools/golden/described.h"
#include "tools/golden/peer_parameters.h"
#include "tools/golden/tasks.h"

namespace ctr {
namespace {

constexpr const char* kWhere = "golden options";

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

// One of the peer's classes, and our model that it is.
struct PeerClass {
  const ModelInfo* info;
  const PeerNames* names;
};

PeerClass class_of_peer(const std::string& peer) {
  for (const ModelInfo& info : model_list()) {
    if (info.peer.model == peer && !peer.empty()) return {&info, &info.peer};
    for (const PeerNames& other : info.other_peers) {
      if (other.model == peer) return {&info, &other};
    }
  }
  fail(ErrorKind::data, "golden: model '{}' is not known", peer);
}

// Settings that change nothing as they stand in the files: regularisers and dropout are off there,
// and how the peer trained is no part of the model.
bool changes_nothing(const std::string& key, const Json& value) {
  static const std::set<std::string> off{"net_dropout", "embedding_regularizer", "net_regularizer",
                                         "regularizer", "dropout_rates"};
  static const std::set<std::string> aside{"model_id",      "gpu",       "seed",     "loss",
                                           "learning_rate", "optimizer", "num_tasks"};
  if (key == "task" && value.is_array())
    return std::all_of(value.begin(), value.end(),
                       [](const Json& one) { return one == "binary_classification"; });
  if (key == "task") return value == "binary_classification";
  if (key == "loss_weight") return value == "EQ";
  return aside.contains(key) ||
         (off.contains(key) && (value.is_null() || value == 0 || value == false));
}

// Options of every model with an MLP.
const PeerNames& common() {
  static const PeerNames names{
      .model = "",
      .options = {{"hidden_units", {"hidden_units"}},
                  {"dnn_hidden_units", {"hidden_units"}},
                  {"batch_norm", {"batch_norm"}},
                  {"hidden_activations", peer_activation("activation")},
                  {"dnn_activations", peer_activation("activation")},
                  {"dnn_hidden_activations", peer_activation("activation")}}};
  return names;
}

bool read_hypernet(const Json& config, OptionList& list) {
  for (const auto& [name, inner] : config.items()) {
    if (name == "hidden_units") {
      set_option(list, "hypernet_hidden_units", inner);
    } else if (!(name == "dropout_rates" && inner == 0) &&
               !(name == "hidden_activations" && inner == "relu")) {
      return false;
    }
  }
  return true;
}

// Options of the peer's APG models.
bool read_apg(const std::string& key, const Json& value, OptionList& list) {
  if (key == "rank_k" || key == "condition_mode" || key == "generate_bias") {
    set_option(list, key, value);
  } else if (key == "overparam_p") {
    if (!value.is_null()) set_option(list, key, value);
  } else if (key == "new_condition_emb" && value.is_boolean()) {
    list.set("condition_embedding", value.get<bool>() ? "own" : "shared", kWhere);
  } else if (key == "condition_features") {
    set_option(list, "condition_fields", value);
  } else {
    return key == "hypernet_config" && read_hypernet(value, list);
  }
  return true;
}

// An option that the table names.
bool read_from(const PeerNames& peer, const std::string& key, const Json& value, OptionList& list) {
  const auto found = peer.options.find(key);
  if (found == peer.options.end()) return false;
  const PeerOption& option = found->second;
  const std::string text = value.is_string() ? lower(value.get<std::string>()) : json_text(value);
  const auto renamed = option.values.find(text);
  if (renamed != option.values.end()) {
    const size_t at = renamed->second.find('=');
    if (at != std::string::npos) {
      list.set(renamed->second.substr(0, at), renamed->second.substr(at + 1), kWhere);
    } else if (!option.ours.empty()) {
      list.set(option.ours, renamed->second, kWhere);
    }
  } else if (value.is_null()) {  // the default
  } else if (value.is_string() && list.find(option.ours) != nullptr &&
             !list.find(option.ours)->choices.empty()) {
    list.set(option.ours, text, kWhere);
  } else {
    set_option(list, option.ours, value);
  }
  return true;
}

}  // namespace

Described described_peer(const std::string& peer_model, const Json& options, const Schema& schema,
                         const std::string& embedding_dim, const PeerShapes& shapes) {
  Described d;
  const bool generated = peer_model.starts_with("APG_");
  const auto [info, names] = class_of_peer(generated ? peer_model.substr(4) : peer_model);
  d.model = info->name;
  d.schema = schema;
  OptionList list = d.options.list();
  d.options.hidden_units = {64, 64, 64};
  if (generated) {
    d.options.linear = "apg";
    d.options.apg.generate_bias = true;  // FuxiCTR's default
    d.options.apg.aggregation = "concat";
  }
  list.set("embedding_dim", embedding_dim, "golden");
  for (const auto& [name, value] : names->defaults) list.set(name, value, "peer's defaults");
  for (const auto& [key, value] : options.items()) {
    const bool known = read_from(*names, key, value, list) ||
                       read_from(common(), key, value, list) || changes_nothing(key, value) ||
                       (generated && read_apg(key, value, list));
    CTR_CHECK_DATA(known, "golden: {}'s option '{}' = {} is not known", peer_model, key,
                   json_text(value));
  }
  d.names = our_names(*names, shapes);
  for (const Field& field : schema.fields) {  // a shared table may stand under both names
    for (auto& [theirs, ours] : d.names) {
      if (!field.shares.empty() && ours == "embedding/" + field.name)
        ours = "embedding/" + field.shares;
    }
  }
  if (info->labels > 1) name_experts(shapes, d);
  return d;
}

Described described_by_fuxictr(const GoldenFile& file) {
  return described_peer(file.text("model"), json_in(file, "options"), schema_in(file),
                        file.text("embedding_dim"), file.shapes("param/"));
}

}  // namespace ctr
