// Files of MLoRA's eight backbones in DeepCTR's dialect, and of its MLP.

#include <algorithm>
#include <cctype>
#include <regex>

#include <nlohmann/json.hpp>

#include "engine/check.h"
#include "io/json.h"
#include "ops/fields/pairs.h"
#include "tools/deepctr.h"
#include "tools/golden/described.h"

namespace ctr {
namespace {

// What the files say beside our own options' names → ours.
const std::map<std::string, std::string>& renamed_options() {
  static const std::map<std::string, std::string> names = {
      {"layers", "autoint_layers"},     {"heads", "autoint_heads"},
      {"head_dim", "autoint_dim"},      {"cin_layers", "cin_units"},
      {"split_half", "cin_split_half"}, {"reduction_ratio", "senet_reduction"}};
  return names;
}

// pnn_product of a list out of inner, outer.
std::string products(const Json& value) {
  const bool inner = std::find(value.begin(), value.end(), "inner") != value.end();
  const bool outer = std::find(value.begin(), value.end(), "outer") != value.end();
  return inner && outer ? "both" : outer ? "outer" : "inner";
}

void read_options(const Json& options, const DeepCtrModel& backbone, Described& d) {
  OptionList list = d.options.list();
  for (const auto& [name, value] : backbone.dialect) list.set(name, value, "golden");
  for (const auto& [key, value] : options.items()) {
    const auto known = renamed_options().find(key);
    if (known != renamed_options().end()) {
      set_option(list, known->second, value);
    } else if (key == "domains") {
      d.schema.domains = value.get<int64_t>();
    } else if (key == "wide") {
      if (backbone.wide != "always" && backbone.wide != "never")
        set_option(list, backbone.wide, value);
      else
        CTR_CHECK_DATA(value == (backbone.wide == "always"), "golden: {} {} a wide part",
                       backbone.model, value == true ? "has no such thing as" : "always has");
    } else if (key == "product") {
      set_option(list, "pnn_product", products(value));
    } else if (key != "backbone" && !(key == "lora_reduce" && value.is_null())) {
      set_option(list, key, value);
    }
  }
}

std::string our_name(const std::string& name) {
  static const std::vector<std::pair<std::regex, std::string>> rules = {
      {std::regex(R"(wide/(\w+))"), "linear/$1"},
      {std::regex("bias"), "head/bias"},
      {std::regex(R"(attention/(\d+)/(query|key|value|residual))"), "attention/$1/$2/weight"},
      {std::regex(R"(cin_head/(\w+))"), "cin/head/$1"},
      {std::regex("senet/w1"), "senet/0/weight"},
      {std::regex("senet/w2"), "senet/1/weight"},
      {std::regex(R"(bilinear/senet(/\d+)?)"), "bilinear/0/weight"},
      {std::regex(R"(bilinear/raw(/\d+)?)"), "bilinear/1/weight"},
      {std::regex("(outer|kernel|outer/kernel)"), "outer/weight"}};
  for (const auto& [pattern, ours] : rules)
    if (std::regex_match(name, pattern)) return std::regex_replace(name, pattern, ours);
  std::smatch layer;  // counted from 0 there, from 1 here
  if (std::regex_match(name, layer, std::regex(R"(cin/(\d+)/(\w+))")))
    return "cin/" + std::to_string(std::stoi(layer[1].str()) + 1) + "/" + layer[2].str();
  return name;
}

// Axis 1 of a tensor [a, b, c] (c = 1 for matrices), rearranged: row i of the file is row at[i].
std::vector<int64_t> rearranged(const std::vector<int64_t>& shape, const std::vector<int64_t>& at) {
  const int64_t rows = shape[1], cols = shape.size() > 2 ? shape[2] : 1;
  std::vector<int64_t> result;
  for (int64_t a = 0; a < shape[0]; ++a)
    for (int64_t row = 0; row < rows; ++row)
      for (int64_t col = 0; col < cols; ++col)
        result.push_back((a * rows + at[static_cast<size_t>(row)]) * cols + col);
  return result;
}

// FiBiNET's matrices stand one by one there; and its MLP reads senet's product and the raw one pair
// by pair, where ours reads all of one, then all of the other.
void place_fibinet(const PeerShapes& shapes, Described& d) {
  const int64_t width = d.options.embedding_dim;
  const auto fields = static_cast<int64_t>(
      std::count_if(d.schema.fields.begin(), d.schema.fields.end(), [&](const Field& field) {
        return field.type != FieldType::numeric || d.options.numeric == "embed";
      }));
  const int64_t pairs = pair_count(fields);
  if (d.options.fibinet.bilinear_type == "each")  // the last field is never the left one of a pair
    d.partly = {"bilinear/0/weight", "bilinear/1/weight"};
  std::vector<int64_t> at;
  for (int64_t i = 0; i < 2 * pairs * width; ++i)
    at.push_back((i / width % 2 * pairs + i / (2 * width)) * width + i % width);
  for (const auto& [name, shape] : shapes) {
    std::smatch match;
    if (std::regex_match(name, match, std::regex(R"(bilinear/\w+/(\d+))"))) {
      d.parts[name] = slice_of(d.names.at(name), std::stoll(match[1].str()), width * width);
    } else if (name == "mlp/0/weight" || name == "mlp/0/lora_a") {
      std::vector<int64_t> columns = at;
      for (auto column = static_cast<int64_t>(at.size()); column < shape[1]; ++column)
        columns.push_back(column);  // raw numbers
      d.parts[name] = {d.names.at(name), rearranged(shape, columns)};
    }
  }
}

}  // namespace

bool is_mlora(const GoldenFile& file) {
  const Json options = json_in(file, "options");
  return options.is_object() && options.value("linear", "") == "mlora";
}

Described described_mlora(const GoldenFile& file) {
  std::string name = file.text("model");
  for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  const auto backbone = deepctr_models().find(name);
  CTR_CHECK_DATA(backbone != deepctr_models().end(), "golden: backbone '{}' is not known",
                 file.text("model"));
  Described d;
  d.model = backbone->second.model;
  d.schema = schema_in(file);
  read_options(json_in(file, "options"), backbone->second, d);
  const PeerShapes shapes = file.shapes("param/");
  for (const auto& [name, shape] : shapes) d.names[name] = our_name(name);
  if (d.model == "fibinet") place_fibinet(shapes, d);
  for (const auto& [name, part] : d.parts) d.names.erase(name);
  return d;
}

}  // namespace ctr
