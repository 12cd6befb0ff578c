#include "io/schema_json.h"

#include <algorithm>
#include <functional>
#include <set>
#include <type_traits>

#include <nlohmann/json.hpp>

#include "engine/check.h"
#include "engine/nearest.h"
#include "io/file.h"
#include "io/json.h"

namespace ctr {
namespace {

// Names of enumerators, in their order.
const std::vector<std::string> kTypes{"categorical", "numeric", "multivalued", "sequence"};
const std::vector<std::string> kRoles{"none", "user", "item", "domain", "group"};
const std::vector<std::string> kIdRules{"vocabulary", "hash", "given"};
const std::vector<std::string> kTokenRules{"text", "log_square", "boundaries"};
const std::vector<std::string> kNumberRules{"raw", "standard", "minmax", "log"};

template <class Enum>
const std::string& text_of(Enum value, const std::vector<std::string>& names) {
  return names[static_cast<size_t>(value)];
}

// Reads the members of one JSON object; what was not asked for is refused at the end.
class Members {
 public:
  Members(const Json& json, std::string where) : json_(json), where_(std::move(where)) {
    CTR_CHECK_DATA(json.is_object(), "{}: expected an object, found {}", where_, json.type_name());
  }

  template <class T>
  void read(const char* key, T& value) {
    known_.emplace_back(key);
    if (auto found = json_.find(key); found != json_.end()) convert(key, *found, value);
  }
  template <class T>
  void require(const char* key, T& value) {
    CTR_CHECK_DATA(json_.contains(key), "{}: '{}' is missing", where_, key);
    read(key, value);
  }
  template <class Enum>
  void read_enum(const char* key, Enum& value, const std::vector<std::string>& names) {
    std::string text = text_of(value, names);
    read(key, text);
    auto found = std::find(names.begin(), names.end(), text);
    CTR_CHECK_DATA(found != names.end(), "{}: {} cannot be '{}'{}", where_, key, text,
                   advice_on_name(text, names));
    value = static_cast<Enum>(found - names.begin());
  }
  void refuse_others() const {
    for (const auto& [key, value] : json_.items()) {
      if (std::find(known_.begin(), known_.end(), key) == known_.end())
        fail(ErrorKind::data, "{}: unknown key '{}'{}", where_, key, advice_on_name(key, known_));
    }
  }

 private:
  template <class T>
  void convert(const char* key, const Json& json, T& value) const {
    bool good = true;
    if constexpr (std::is_same_v<T, int64_t>) {  // the library would cut a fraction off
      good = json.is_number_integer() &&
             (!json.is_number_unsigned() || json.get<uint64_t>() <= INT64_MAX);
    }
    try {
      if (good) value = json.get<T>();
    } catch (const Json::exception&) {
      good = false;
    }
    CTR_CHECK_DATA(good, "{}: '{}' cannot be {}", where_, key, json_text(json));
  }

  const Json& json_;
  std::string where_;
  std::vector<std::string> known_;
};

Json to_json(const Encoding& e) {
  const Encoding plain;
  Json json = Json::object();
  if (!e.column.empty()) json["column"] = e.column;
  if (e.ids != plain.ids) json["ids"] = text_of(e.ids, kIdRules);
  if (e.tokens != plain.tokens) json["tokens"] = text_of(e.tokens, kTokenRules);
  if (e.numbers != plain.numbers) json["numbers"] = text_of(e.numbers, kNumberRules);
  if (!e.boundaries.empty()) json["boundaries"] = e.boundaries;
  if (e.min_count != plain.min_count) json["min_count"] = e.min_count;
  if (e.buckets != plain.buckets) json["buckets"] = e.buckets;
  if (e.separator != plain.separator) json["separator"] = std::string(1, e.separator);
  if (e.missing_is_token != plain.missing_is_token) json["missing_is_token"] = e.missing_is_token;
  if (e.missing != plain.missing) json["missing"] = e.missing;
  if (e.offset != plain.offset) json["offset"] = e.offset;
  if (e.scale != plain.scale) json["scale"] = e.scale;
  return json;
}

Encoding encoding_from(const Json& json, const std::string& where) {
  Encoding e;
  std::string separator(1, e.separator);
  Members members(json, where);
  members.read("column", e.column);
  members.read_enum("ids", e.ids, kIdRules);
  members.read_enum("tokens", e.tokens, kTokenRules);
  members.read_enum("numbers", e.numbers, kNumberRules);
  members.read("boundaries", e.boundaries);
  members.read("min_count", e.min_count);
  members.read("buckets", e.buckets);
  members.read("separator", separator);
  members.read("missing_is_token", e.missing_is_token);
  members.read("missing", e.missing);
  members.read("offset", e.offset);
  members.read("scale", e.scale);
  members.refuse_others();
  CTR_CHECK_DATA(separator.size() == 1, "{}: 'separator' must be one character, got '{}'", where,
                 separator);
  e.separator = separator[0];
  return e;
}

Json to_json(const Field& field) {
  Json json = {{"name", field.name}, {"type", text_of(field.type, kTypes)}};
  if (field.type != FieldType::numeric) json["vocabulary"] = field.vocabulary;
  if (field.role != FieldRole::none) json["role"] = text_of(field.role, kRoles);
  if (field.padding) json["padding"] = true;
  if (field.unseen) json["unseen"] = true;
  if (!field.input) json["input"] = false;
  if (field.max_length > 0) json["max_length"] = field.max_length;
  if (!field.vectors.empty()) {
    json["vectors"] = field.vectors;
    json["vector_width"] = field.vector_width;
  }
  if (!field.shares.empty()) json["shares"] = field.shares;
  if (Json encoding = to_json(field.encoding); !encoding.empty()) json["encoding"] = encoding;
  return json;
}

Field field_from(const Json& json, const std::string& where) {
  Field field;
  Members members(json, where);
  members.require("name", field.name);
  members.read_enum("type", field.type, kTypes);
  members.read("vocabulary", field.vocabulary);
  members.read_enum("role", field.role, kRoles);
  members.read("padding", field.padding);
  members.read("unseen", field.unseen);
  members.read("input", field.input);
  members.read("max_length", field.max_length);
  members.read("vectors", field.vectors);
  members.read("vector_width", field.vector_width);
  members.read("shares", field.shares);
  Json encoding = Json::object();
  members.read("encoding", encoding);
  members.refuse_others();
  field.encoding = encoding_from(encoding, where + " '" + field.name + "' encoding");
  CTR_CHECK_DATA(field.vocabulary >= 0 && field.vocabulary <= INT32_MAX,
                 "{}: '{}' has a vocabulary of {}, it must lie in [0, 2^31)", where, field.name,
                 field.vocabulary);
  CTR_CHECK_DATA(field.type != FieldType::numeric || field.vocabulary == 0,
                 "{}: '{}' is numeric and has no vocabulary, found {}", where, field.name,
                 field.vocabulary);
  CTR_CHECK_DATA(field.max_length >= 0, "{}: '{}' has a max_length of {}, it must not be negative",
                 where, field.name, field.max_length);
  CTR_CHECK_DATA(field.vectors.empty() == (field.vector_width == 0) && field.vector_width >= 0,
                 "{}: '{}' needs both 'vectors' and 'vector_width', or neither", where, field.name);
  return field;
}

}  // namespace

std::string_view name_of(FieldType type) { return text_of(type, kTypes); }
std::string_view name_of(FieldRole role) { return text_of(role, kRoles); }

Json to_json(const Schema& schema) {
  Json fields = Json::array();
  for (const Field& field : schema.fields) fields.push_back(to_json(field));
  Json json = {{"name", schema.name}, {"fields", fields}, {"labels", schema.labels}};
  if (schema.domains > 1 || !schema.domain_names.empty()) {
    json["domains"] = schema.domains;
    json["domain_names"] = schema.domain_names;
  }
  return json;
}

Schema schema_from_json(const Json& json, const std::string& where) {
  Schema schema;
  Json fields = Json::array();
  Members members(json, where);
  members.require("name", schema.name);
  members.require("fields", fields);
  members.read("labels", schema.labels);
  members.read("domains", schema.domains);
  members.read("domain_names", schema.domain_names);
  members.refuse_others();
  CTR_CHECK_DATA(fields.is_array(), "{}: 'fields' must be a list", where);
  CTR_CHECK_DATA(schema.domains >= 1, "{}: 'domains' must be at least 1, got {}", where,
                 schema.domains);
  for (size_t f = 0; f < fields.size(); ++f) {
    schema.fields.push_back(field_from(fields[f], fmt::format("{}: field {}", where, f)));
  }
  check_shares(schema);
  return schema;
}

}  // namespace ctr
