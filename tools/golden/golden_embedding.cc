#include "tools/golden/golden_embedding.h"

#include <algorithm>
#include <limits>

#include <nlohmann/json.hpp>

#include "engine/check.h"
#include "io/json.h"
#include "ops/hashing/hashing.h"

namespace ctr {
namespace {

// The file's settings and ours; null: checked, or a matter of shapes.
using Settings = std::map<std::string, const char*>;
const Settings kDeepHash = {
    {"hashes", "dhe_hashes"},         {"buckets", "dhe_buckets"},
    {"encoding", "dhe_encoding"},     {"decoder_units", "dhe_decoder_units"},
    {"activation", "dhe_activation"}, {"batch_norm", "dhe_batch_norm"},
    {"bn_eps", "dhe_bn_epsilon"},     {"log_floor", "dhe_log_floor"}};
const Settings kQuotientRemainder = {
    {"rows", nullptr}, {"divisor", "qr_divisor"}, {"op", "qr_op"}, {"table_dim", nullptr}};

void set_all(const Json& described, const Settings& settings, OptionList& list) {
  for (const auto& [key, value] : described.items()) {
    if (key == "type") continue;
    const auto found = settings.find(key);
    CTR_CHECK_DATA(found != settings.end(), "golden: embedding setting '{}' = {} is not known", key,
                   json_text(value));
    if (found->second != nullptr) set_option(list, found->second, value);
  }
}

// The rows of the field: those described, or enough for the batch's ids.
int64_t rows_of(const Json& described, const Field& field, const GoldenFile& file) {
  if (described.contains("rows")) {
    const auto rows = described.at("rows").get<int64_t>();
    CTR_CHECK_DATA(field.vocabulary == 0 || field.vocabulary == rows,
                   "golden: embedding of {} rows for field '{}' of {}", rows, field.name,
                   field.vocabulary);
    return rows;
  }
  if (field.vocabulary > 0) return field.vocabulary;
  int64_t largest = 0;
  for (int64_t id : file.at("input/" + field.name).span<int64_t>()) largest = std::max(largest, id);
  return largest + 1;
}

std::string replaced(std::string text, const std::string& part, const std::string& by) {
  const size_t at = text.find(part);
  return at == std::string::npos ? text : text.replace(at, part.size(), by);
}

}  // namespace

void describe_embedding(const Json& embedding, const GoldenFile& file, Described& d) {
  CTR_CHECK_DATA(embedding.is_object() && embedding.size() == 1,
                 "golden: expected the embedding of one field, got {}", json_text(embedding));
  const std::string name = embedding.begin().key();
  const Json& described = embedding.begin().value();
  const std::string type = described.is_object() ? described.value("type", "") : "";
  const bool deep = type == "dhe";
  CTR_CHECK_DATA(deep || type == "quotient_remainder", "golden: embedding {} is not known",
                 json_text(described));
  OptionList list = d.options.list();
  d.options.embedding.kind = deep ? "dhe" : "quotient-remainder";
  d.options.embedding.fields = {name};
  set_all(described, deep ? kDeepHash : kQuotientRemainder, list);
  Field& field = d.schema.fields[static_cast<size_t>(d.schema.index_of(name))];
  field.vocabulary = rows_of(described, field, file);
  const std::string ours = "embedding/" + name + "/";
  for (auto& [theirs, mine] : d.names) {
    if (theirs.starts_with("dhe/") || theirs.starts_with("qr/"))
      mine = ours + theirs.substr(theirs.find('/') + 1);
    mine = replaced(replaced(mine, "/bn/gamma", "/bn/weight"), "/bn/beta", "/bn/bias");
  }
  for (const char* coefficient : {"hash/a", "hash/b", "hash/p"})
    if (deep) d.states[coefficient] = ours + coefficient;
}

void compare_encoding(GoldenFile& file, const Described& d, DType dtype, Comparison& result) {
  if (!file.has("encoding")) return;
  const EmbeddingOptions& options = d.options.embedding;
  CTR_CHECK_DATA(options.kind == "dhe", "golden: an encoding, but no field is embedded by DHE");
  const HashFamily family{file.take("hash/a"), file.take("hash/b"), file.take("hash/p"),
                          options.dhe_buckets};
  const HashEncoding encoding =
      options.dhe_encoding == "gaussian" ? HashEncoding::gaussian : HashEncoding::uniform;
  result.add("encoding", file.take("encoding"),
             hash_encoding(file.take("input/" + options.fields[0]), family, encoding,
                           options.dhe_log_floor, dtype)
                 .value());
}

}  // namespace ctr
