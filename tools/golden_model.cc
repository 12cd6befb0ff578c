#include <cctype>
#include <cmath>
#include <functional>
#include <regex>
#include <set>

#include <nlohmann/json.hpp>

#include "engine/check.h"
#include "models/model.h"
#include "ops/activation/activation.h"
#include "ops/loss/loss.h"
#include "tools/golden.h"

namespace ctr {
namespace {

using nlohmann::json;

json parsed(const GoldenFile& file, const std::string& key) {
  json value = json::parse(file.text(key), nullptr, false);
  CTR_CHECK_DATA(!value.is_discarded(), "golden: metadata '{}' is no JSON", key);
  return value;
}

// What a file says about the model, in our terms.
struct Description {
  std::string model;
  ModelOptions options;
  Schema schema;
  std::function<std::string(const std::string&)> rename;  // the file's parameter name → ours
};

void read_fields(const GoldenFile& file, Schema& schema) {
  schema.name = "golden";
  const json fields = parsed(file, "fields");
  for (const json& field : fields) {
    Field ours;
    for (const auto& [key, value] : field.items()) {
      if (key == "name") {
        ours.name = value.get<std::string>();
      } else if (key == "vocab_size") {
        ours.vocabulary = value.get<int64_t>();
      } else if (key == "type") {
        CTR_CHECK_DATA(value == "categorical" || value == "numeric",
                       "golden: fields of type {} are not known", value.dump());
        ours.type = value == "numeric" ? FieldType::numeric : FieldType::categorical;
      } else if (key == "role" && value == "domain") {
        ours.role = FieldRole::domain;
      } else if (!(key == "source" && value == "") &&
                 !(key == "role" && (value.is_null() || value == ""))) {
        fail(ErrorKind::data, "golden: field setting '{}' = {} is not known", key, value.dump());
      }
    }
    schema.fields.push_back(ours);
  }
}

// A JSON value as the text that OptionList reads: a list without brackets of strings, a number, a
// name.
std::string option_text(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_array()) return value.dump();
  std::string text;
  for (const json& element : value) text += (text.empty() ? "" : ",") + option_text(element);
  return text;
}

void set(OptionList& list, const std::string& key, const json& value) {
  list.set(key, option_text(value), "golden options");
}

std::string replaced(const std::string& text, const std::string& pattern, const std::string& by) {
  return std::regex_replace(text, std::regex(pattern), by);
}

// Files of golden/multi: our names, our options; null means "not of this variant".
Description read_multi(const GoldenFile& file) {
  Description d;
  read_fields(file, d.schema);
  OptionList list = d.options.list();
  const json options = parsed(file, "options");
  for (const auto& [key, value] : options.items()) {
    if (value.is_null() && key == "overparam_p") continue;
    if (value.is_null() && (key == "aggregation" || key == "aggregation_side" || key == "rank_k"))
      continue;
    set(list, key, value);
  }
  d.model = "mlp";
  d.options.apg.attention_units = 1;
  d.rename = [](const std::string& name) { return name; };
  return d;
}

// FuxiCTR's names: embedding_layer….<field>.weight, (fm.)lr_layer…, mlp.mlp.<2 l>.…,
// mlp.dense_layers.linear_<l+1>.…
std::string from_fuxictr(const std::string& name, size_t layers) {
  std::smatch match;
  if (std::regex_match(
          name, match,
          std::regex(R"((fm\.)?lr_layer\.embedding_layer\..*embedding_layers\.(\w+)\.weight)"))) {
    return "linear/" + match[2].str();
  }
  if (std::regex_match(name, std::regex(R"((fm\.)?lr_layer\.bias)"))) return "linear/bias";
  if (std::regex_match(
          name, match,
          std::regex(
              R"(embedding_layer\.(?:embedding_layer\.)?embedding_layers\.(\w+)\.weight)"))) {
    return "embedding/" + match[1].str();
  }
  if (std::regex_match(
          name, match,
          std::regex(R"(condition_emb_layer\.embedding_layer\.embedding_layers\.(\w+)\.weight)"))) {
    return "condition/embedding/" + match[1].str();
  }
  if (std::regex_match(name, match, std::regex(R"(mlp\.mlp\.(\d+)\.(weight|bias))"))) {
    size_t layer = std::stoul(match[1].str()) / 2;
    return (layer < layers ? "mlp/" + std::to_string(layer) : std::string("head")) + "/" +
           match[2].str();
  }
  if (std::regex_match(name, match, std::regex(R"(mlp\.dense_layers\.out_proj\.(weight|bias))")))
    return "head/" + match[1].str();
  if (std::regex_match(name, match, std::regex(R"(mlp\.dense_layers\.linear_(\d+)\.(.*))"))) {
    std::string rest = match[2].str();
    std::smatch net;
    if (std::regex_match(rest, net, std::regex(R"(hypernet\.mlp\.(\d+)\.(weight|bias))"))) {
      rest = "hyper/" + std::to_string(std::stoul(net[1].str()) / 2) + "/" + net[2].str();
    }
    rest = replaced(replaced(rest, "^U", "u"), "^V", "v");
    return "mlp/" + std::to_string(std::stoul(match[1].str()) - 1) + "/" + rest;
  }
  return name;
}

// Settings that change nothing as they stand in the files: regularisers and dropout are off there.
bool is_off(const json& value) { return value.is_null() || value == 0 || value == false; }

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

void read_fuxictr_option(const std::string& key, const json& value, OptionList& list) {
  static const std::set<std::string> off{"net_dropout", "batch_norm", "embedding_regularizer",
                                         "net_regularizer"};
  if (off.contains(key) && is_off(value)) return;
  if (key == "hidden_units" || key == "rank_k" || key == "condition_mode" ||
      key == "generate_bias") {
    set(list, key, value);
  } else if (key == "overparam_p") {
    if (!value.is_null()) set(list, key, value);
  } else if (key == "hidden_activations" && value.is_string()) {
    list.set("activation", lower(value.get<std::string>()), "golden options");
  } else if (key == "new_condition_emb" && value.is_boolean()) {
    list.set("condition_embedding", value.get<bool>() ? "own" : "shared", "golden options");
  } else if (key == "condition_features") {
    set(list, "condition_fields", value);
  } else if (key == "hypernet_config") {
    for (const auto& [name, inner] : value.items()) {
      if (name == "hidden_units") {
        set(list, "hypernet_hidden_units", inner);
      } else if (!(name == "dropout_rates" && inner == 0) &&
                 !(name == "hidden_activations" && inner == "relu")) {
        fail(ErrorKind::data, "golden: hypernet_config '{}' = {} is not known", name, inner.dump());
      }
    }
  } else {
    fail(ErrorKind::data, "golden: option '{}' = {} is not known", key, value.dump());
  }
}

Description read_fuxictr(const GoldenFile& file) {
  static const std::map<std::string, std::string> models{
      {"LR", "lr"}, {"DNN", "mlp"}, {"DeepFM", "deepfm"}, {"APG_DeepFM", "deepfm"}};
  Description d;
  auto found = models.find(file.text("model"));
  CTR_CHECK_DATA(found != models.end(), "golden: model '{}' is not known", file.text("model"));
  d.model = found->second;
  read_fields(file, d.schema);
  OptionList list = d.options.list();
  d.options.hidden_units = {64, 64, 64};
  if (file.text("model") == "APG_DeepFM") {
    d.options.linear = "apg";
    d.options.apg.generate_bias = true;  // FuxiCTR's default
    d.options.apg.aggregation = "concat";
  }
  list.set("embedding_dim", file.text("embedding_dim"), "golden");
  const json options = parsed(file, "options");
  for (const auto& [key, value] : options.items()) {
    const bool of_mlp = key == "hidden_units" || key == "hidden_activations" ||
                        key == "net_dropout" || key == "batch_norm" || key.ends_with("regularizer");
    CTR_CHECK_DATA(d.options.linear == "apg" || (of_mlp && d.model != "lr"),
                   "golden: {} has no option '{}'", file.text("model"), key);
    read_fuxictr_option(key, value, list);
  }
  d.rename = [layers = d.options.hidden_units.size()](const std::string& name) {
    return from_fuxictr(name, layers);
  };
  return d;
}

Batch read_batch(GoldenFile& file, const Schema& schema) {
  Batch batch;
  for (const Field& field : schema.fields) {
    const bool is_domain = field.role == FieldRole::domain && !file.has("input/" + field.name);
    const Tensor& values = file.take(is_domain ? "domain" : "input/" + field.name);
    batch.rows = values.count();
    if (field.type == FieldType::numeric) {
      batch.fields.push_back({{}, {}, values});
    } else {
      batch.fields.push_back({values, {}, {}});
    }
  }
  if (file.has("domain")) batch.domain = file.take("domain");
  batch.label = file.take("label");
  return batch;
}

// Puts the file's parameters into the store; returns the file's name of each of ours.
std::map<std::string, std::string> load(GoldenFile& file, const Description& d,
                                        ParameterStore& store) {
  std::map<std::string, std::string> file_names;
  for (const std::string& name : file.names("param/")) {
    const std::string mine = d.rename(name);
    Parameter* parameter = store.find(mine);
    CTR_CHECK_DATA(parameter != nullptr, "golden: {} has no parameter '{}' ({})", d.model, mine,
                   name);
    const Tensor& value = file.take("param/" + name);
    CTR_CHECK_DATA(value.count() == parameter->value.count(),
                   "golden: '{}' is {}, the model has {}", name, value.shape(),
                   parameter->value.shape());
    parameter->value = value.cast(store.dtype()).reshaped(parameter->value.shape());
    file_names[mine] = name;
  }
  for (const auto& parameter : store.all()) {
    CTR_CHECK_DATA(file_names.contains(parameter->name), "golden: the file has no '{}'",
                   parameter->name);
  }
  ++store.mode().weights_version;
  return file_names;
}

double largest_gradient(GoldenFile& file) {
  double largest = 0;
  for (const std::string& name : file.names("grad/")) {
    for (double g : file.take("grad/" + name).span<double>())
      largest = std::max(largest, std::fabs(g));
  }
  return largest;
}

}  // namespace

Comparison verify_model(GoldenFile& file, DType dtype) {
  Description d = file.text("spec").empty() ? read_fuxictr(file) : read_multi(file);
  if (!file.text("spec").empty()) {
    CTR_CHECK_DATA(file.text("model") == "MLP" && d.options.linear != "mlora",
                   "golden: model '{}' is not known", file.text("model"));
    if (file.has("param/condition/weight"))
      d.options.apg.attention_units = file.take("param/condition/weight").dim(0);
  }
  ParameterStore store(dtype, 1);
  GivenVectors none;
  auto model = find_model(d.model).make(Scope(store), {d.schema, none, d.options});
  const std::map<std::string, std::string> file_names = load(file, d, store);
  const Batch batch = read_batch(file, d.schema);

  Comparison result;
  Tape tape;
  Var logit = model->logit(batch);
  Var loss = bce_with_logits(logit, batch.label.cast(dtype));
  result.add("logit", file.take("logit"), logit.value());
  result.add("loss", file.take("loss"), loss.value());
  {
    NoGradient off;  // the folded form
    Var evaluated = model->logit(batch);
    result.add("logit without gradient", file.take(file.has("logit_eval") ? "logit_eval" : "logit"),
               evaluated.value());
    if (file.has("prob")) result.add("prob", file.take("prob"), sigmoid(evaluated).value());
  }
  Gradients gradients = backward(loss);
  const double largest = largest_gradient(file);
  for (const auto& [mine, name] : file_names) {
    if (!file.has("grad/" + name)) continue;
    const Parameter& parameter = *store.find(mine);
    const Gradient& gradient = gradients[parameter];
    Tensor dense = gradient.empty()     ? Tensor::zeros(parameter.value.shape(), dtype)
                   : gradient.is_rows() ? to_dense(gradient.rows())
                                        : gradient.dense();
    const Tensor& expected = file.take("grad/" + name);
    double own = 0;
    for (double g : expected.span<double>()) own = std::max(own, std::fabs(g));
    result.add("grad/" + name, expected, dense, own < 1e-12 * largest ? largest : 0);
  }
  return result;
}

}  // namespace ctr
