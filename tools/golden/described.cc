#include "tools/golden/described.h"

#include <numeric>

#include <nlohmann/json.hpp>

#include "engine/check.h"
#include "io/json.h"

namespace ctr {
namespace {

std::string option_text(const Json& value);

// A list in a list: fields of a group.
std::string group_text(const Json& group) {
  std::string text;
  for (const Json& element : group) text += (text.empty() ? "" : "+") + option_text(element);
  return text;
}

std::string option_text(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_array()) return json_text(value);
  std::string text;
  for (const Json& element : value)
    text += (text.empty() ? "" : ",") +
            (element.is_array() ? group_text(element) : option_text(element));
  return text;
}

FieldType type_of(const Json& value) {
  if (value == "categorical") return FieldType::categorical;
  if (value == "numeric") return FieldType::numeric;
  CTR_CHECK_DATA(value == "sequence", "golden: fields of type {} are not known", json_text(value));
  return FieldType::sequence;
}

Field field_in(const Json& described) {
  Field field;
  for (const auto& [key, value] : described.items()) {
    if (key == "name") {
      field.name = value.get<std::string>();
    } else if (key == "vocab_size") {
      field.vocabulary = value.get<int64_t>();
    } else if (key == "type") {
      field.type = type_of(value);
    } else if (key == "max_len") {
      field.max_length = value.get<int64_t>();
    } else if (key == "share_embedding") {
      if (value.is_string()) field.shares = value.get<std::string>();
    } else if (key == "padding_idx") {
      CTR_CHECK_DATA(value.is_null() || value == 0, "golden: a padding_idx of {} is not known",
                     json_text(value));
      field.padding = value == 0;
    } else if (key == "role" && value == "domain") {
      field.role = FieldRole::domain;
    } else if (key == "role" && value == "shallow tower only") {
      field.padding = true;  // the position: id 0 is missing
    } else if (!(key == "padding" && (value == "left" || value == "right")) &&
               !(key == "ids" && value == "raw") && !(key == "source" && value == "") &&
               !(key == "role" && (value.is_null() || value == ""))) {
      fail(ErrorKind::data, "golden: field setting '{}' = {} is not known", key, json_text(value));
    }
  }
  return field;
}

}  // namespace

Part slice_of(const std::string& parameter, int64_t index, int64_t count) {
  Part part{parameter, std::vector<int64_t>(static_cast<size_t>(count))};
  std::iota(part.elements.begin(), part.elements.end(), index * count);
  return part;
}

Json json_in(const GoldenFile& file, const std::string& key) {
  Json value = parse_json(file.text(key));
  CTR_CHECK_DATA(!value.is_discarded(), "golden: metadata '{}' is no JSON", key);
  return value;
}

Schema schema_in(const GoldenFile& file) {
  Schema schema;
  schema.name = "golden";
  for (const Json& field : json_in(file, "fields")) schema.fields.push_back(field_in(field));
  if (!file.text("labels").empty()) {
    const auto labels = json_in(file, "labels").get<std::vector<std::string>>();
    if (!labels.empty()) schema.labels = labels;
  }
  const auto inputs = file.shapes("input/");
  for (Field& field : schema.fields) {  // id 0 fills their rows up
    if (field.type != FieldType::sequence) continue;
    field.padding = true;
    if (!field.shares.empty())
      schema.fields[static_cast<size_t>(schema.index_of(field.shares))].padding = true;
    const auto input = inputs.find(field.name);
    if (field.max_length == 0 && input != inputs.end() && input->second.size() == 2)
      field.max_length = input->second[1];
  }
  return schema;
}

void set_option(OptionList& list, const std::string& name, const Json& value) {
  list.set(name, option_text(value), "golden options");
}

}  // namespace ctr
