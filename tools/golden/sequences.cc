#include "tools/golden/sequences.h"

#include <map>

#include <nlohmann/json.hpp>

#include "engine/check.h"
#include "engine/nearest.h"
#include "io/json.h"

namespace ctr {
namespace {

// The file's settings and ours; empty: checked by itself, or a matter of shapes.
using Settings = std::map<std::string, std::string>;
const Settings kNetwork = {{"embedding_dim", "embedding_dim"}, {"causal", "next_causal"},
                           {"dilations", "next_dilations"},    {"kernel", "next_kernel"},
                           {"ln_eps", "next_norm_epsilon"},    {"mask_id", ""}};

struct Known {
  std::string ours;
  Settings settings;
};

Settings with_network(Settings settings) {
  settings.insert(kNetwork.begin(), kNetwork.end());
  return settings;
}

const std::map<std::string, Known>& known_models() {
  static const std::map<std::string, Known> all = {
      {"Encoder",
       {"encoder",
        {{"method", "encoder_method"},
         {"embedding_dim", "embedding_dim"},
         {"heads", "encoder_heads"},
         {"layers", "encoder_layers"},
         {"ffn_units", "encoder_ffn_units"},
         {"gelu", "encoder_gelu"},
         {"ln_eps", "encoder_norm_epsilon"},
         {"max_len", ""},
         {"lora_r", "encoder_lora_rank"},
         {"lora_alpha", "encoder_lora_alpha"},
         {"adapter_units", "encoder_adapter_units"},
         {"prefix_length", "encoder_prefix_length"},
         {"prefix_hidden", "encoder_prefix_hidden"},
         {"prefix_shifts_positions", "encoder_prefix_shifts_positions"}}}},
      {"NextItNet",
       {"nextitnet", with_network({{"block", "next_block"}, {"relu_head", "next_relu_head"}})}},
      {"PeterRec",
       {"peterrec", with_network({{"insertion", "peter_insertion"},
                                  {"inner_skip", "peter_inner_skip"},
                                  {"cardinality", "peter_cardinality"},
                                  {"bottleneck", "peter_bottleneck"},
                                  {"cls", "peter_cls"},
                                  {"loss", "peter_loss"},
                                  {"l2", "peter_l2"},
                                  {"negatives", ""}})}},
      {"GRU4Rec",
       {"gru4rec",
        {{"embedding_dim", "embedding_dim"},
         {"hidden", "gru_hidden"},
         {"layers", "gru_layers"},
         {"bias", "gru_bias"}}}},
      {"SASRec",
       {"sasrec",
        {{"embedding_dim", "embedding_dim"},
         {"blocks", "sasrec_blocks"},
         {"heads", "sasrec_heads"},
         {"ln_eps", "sasrec_norm_epsilon"},
         {"max_len", ""}}}}};
  return all;
}

// Settings that have but one value here.
void check_setting(const std::string& key, const Json& value, const Field& item) {
  const int64_t only = key == "mask_id" ? item.vocabulary : key == "max_len" ? item.max_length : 1;
  CTR_CHECK_DATA(value == only, "golden: {} = {} is not known, expected {}", key, json_text(value),
                 only);
}

void set_options(const GoldenFile& file, const Known& model, Described& d) {
  OptionList list = d.options.list();
  const Json options = json_in(file, "options");
  std::vector<std::string> names;
  for (const auto& [name, ours] : model.settings) names.push_back(name);
  for (const auto& [key, value] : options.items()) {
    const auto found = model.settings.find(key);
    CTR_CHECK_DATA(found != model.settings.end(), "golden: {} has no setting '{}'{}", model.ours,
                   key, advice_on_name(key, names));
    if (found->second.empty()) {
      check_setting(key, value, d.schema.fields[0]);
    } else {
      set_option(list, found->second, value);
    }
  }
}

// A sequence with what each place of the items is told or scored for.
void add_sequence(const std::string& name, Schema& schema) {
  Field field = schema.fields[0];
  field.name = name;
  field.shares = schema.fields[0].name;
  field.input = false;
  schema.fields.push_back(field);
}

// A target of each row.
void add_target(const std::string& name, FieldRole role, int64_t targets, Schema& schema) {
  schema.fields.push_back({name, FieldType::categorical, targets, role});
  schema.fields.back().input = false;
}

void add_fields(const GoldenFile& file, Described& d) {
  if (d.model == "peterrec") {
    const auto target = file.shapes("param/").at("target/weight");
    add_target("positive", FieldRole::item, target.at(0), d.schema);
    add_target("negative", FieldRole::none, target.at(0), d.schema);
    d.options.peter.negative_field = "negative";
    d.on_the_way = {"user"};
  } else if (d.model == "sasrec") {
    for (const char* name : {"positive", "negative"}) add_sequence(name, d.schema);
    d.options.sasrec.positive_field = "positive";
    d.options.sasrec.negative_field = "negative";
  } else if (d.model != "encoder") {
    add_sequence("label", d.schema);
    d.options.next_item.target_field = "label";
  }
}

}  // namespace

bool is_sequence_model(const std::string& model) { return known_models().contains(model); }

Described described_sequences(const GoldenFile& file) {
  const Known& model = known_models().at(file.text("model"));
  Described d;
  d.model = model.ours;
  d.schema = schema_in(file);
  if (d.model != "encoder") d.schema.labels = {};
  CTR_CHECK_DATA(d.schema.fields.size() == 1 && d.schema.fields[0].type == FieldType::sequence,
                 "golden: {} reads one sequence, the file describes {} fields", model.ours,
                 d.schema.fields.size());
  set_options(file, model, d);
  add_fields(file, d);
  for (const auto& [name, shape] : file.shapes("param/")) d.names[name] = name;
  return d;
}

}  // namespace ctr
