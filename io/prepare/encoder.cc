#include "io/prepare/encoder.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

#include "engine/check.h"
#include "engine/parallel.h"
#include "io/checksum.h"

namespace ctr {
namespace {

// Ids of tokens by the field's rule; counts what is missing or unseen through `count(i, missing)`.
class IdFinder {
 public:
  IdFinder(const Field& field, const Vocabulary* vocabulary)
      : field_(field), vocabulary_(vocabulary) {}

  std::vector<int64_t> ids(std::span<const std::string_view> tokens) const {
    std::vector<int64_t> ids(tokens.size());
    switch (field_.encoding.ids) {
      case IdRule::vocabulary:
        vocabulary_->find(tokens, ids);
        break;
      case IdRule::hash:
        for (size_t t = 0; t < tokens.size(); ++t) {
          ids[t] = field_.first_token() +
                   static_cast<int64_t>(checksum_of(tokens[t]) %
                                        static_cast<uint64_t>(field_.encoding.buckets));
        }
        break;
      case IdRule::given:
        for (size_t t = 0; t < tokens.size(); ++t)
          std::from_chars(tokens[t].data(), tokens[t].data() + tokens[t].size(), ids[t]);
        break;
    }
    return ids;
  }

  // The id to store for a token that got `id`.
  int64_t stored(std::string_view token, int64_t id, CellCounts& counts, size_t split) const {
    const bool missing = token.empty();
    counts.missing[split] += missing ? 1 : 0;
    if (missing && !field_.encoding.missing_is_token && field_.unseen) return field_.unseen_id();
    if (id != Vocabulary::kUnknown) return id;
    if (missing && field_.padding) return 0;
    ++counts.unseen[split];
    return field_.unseen ? field_.unseen_id() : 0;
  }

 private:
  const Field& field_;
  const Vocabulary* vocabulary_;
};

float encoded_number(const Encoding& encoding, double x) {
  if (std::isnan(x)) x = encoding.missing;
  if (encoding.numbers == NumberRule::log) return static_cast<float>(std::log1p(std::max(x, 0.0)));
  // Far outside the training split's range a scaled number may be too large for a float.
  constexpr double kMost = std::numeric_limits<float>::max();
  return static_cast<float>(std::clamp((x - encoding.offset) * encoding.scale, -kMost, kMost));
}

}  // namespace

bool needs_vocabulary(const Field& field) {
  return field.type != FieldType::numeric && field.encoding.ids == IdRule::vocabulary;
}

Vocabularies load_vocabularies(const Schema& schema, const std::string& folder) {
  Vocabularies result(schema.fields.size());
  for (size_t f = 0; f < schema.fields.size(); ++f) {
    const Field& field = schema.fields[f];
    if (!needs_vocabulary(field)) continue;
    const std::string path = folder + "/" + vocabulary_file(field.name);
    result[f] = std::make_shared<const Vocabulary>(Vocabulary::load(path, field.first_token()));
    CTR_CHECK_DATA(result[f]->size() == field.vocabulary,
                   "{}: holds {} ids, the schema's field '{}' has {}", path, result[f]->size(),
                   field.name, field.vocabulary);
  }
  return result;
}

Encoder::Encoder(const Schema& schema, Vocabularies vocabularies)
    : schema_(schema), vocabularies_(std::move(vocabularies)), counts_(schema.fields.size()) {
  for (size_t f = 0; f < schema.fields.size(); ++f)
    CTR_ASSERT(!needs_vocabulary(schema.fields[f]) || vocabularies_.at(f) != nullptr);
}

void Encoder::encode(const RawChunk& chunk, const ChunkParser& parser, bool labels,
                     std::array<Columns, 3>& rows) {
  for (int64_t r = 0; r < chunk.rows; ++r) {
    const auto row = static_cast<size_t>(r);
    if (parser.good()[row] == 0) continue;
    Columns& target = rows[static_cast<size_t>(chunk.split[row])];
    ++target.rows;
    for (size_t l = 0; l < target.labels.size(); ++l) {
      target.labels[l].push_back(labels ? static_cast<float>(parser.label(l).numbers[row]) : 0.f);
    }
  }
  parallel_for(static_cast<int64_t>(schema_.fields.size()), 1, [&](int64_t begin, int64_t end) {
    for (int64_t f = begin; f < end; ++f) encode_field(static_cast<size_t>(f), chunk, parser, rows);
  });
}

void Encoder::encode_field(size_t index, const RawChunk& chunk, const ChunkParser& parser,
                           std::array<Columns, 3>& rows) {
  const Field& field = schema_.fields[index];
  const ParsedColumn& parsed = parser.field(index);
  CellCounts& counts = counts_[index];
  const IdFinder finder(field, vocabularies_[index].get());
  const std::vector<int64_t> ids =
      field.type == FieldType::numeric ? std::vector<int64_t>() : finder.ids(parsed.tokens);
  for (int64_t r = 0; r < chunk.rows; ++r) {
    const auto row = static_cast<size_t>(r);
    if (parser.good()[row] == 0) continue;
    const auto split = static_cast<size_t>(chunk.split[row]);
    Columns::Column& target = rows[split].fields[index];
    if (field.type == FieldType::numeric) {
      counts.missing[split] += std::isnan(parsed.numbers[row]) ? 1 : 0;
      target.numbers.push_back(encoded_number(field.encoding, parsed.numbers[row]));
    } else if (!field.is_list()) {
      target.ids.push_back(
          static_cast<int32_t>(finder.stored(parsed.tokens[row], ids[row], counts, split)));
    } else {
      for (auto t = static_cast<size_t>(parsed.offsets[row]);
           t < static_cast<size_t>(parsed.offsets[row + 1]); ++t) {
        target.ids.push_back(
            static_cast<int32_t>(finder.stored(parsed.tokens[t], ids[t], counts, split)));
      }
      counts.missing[split] += parsed.offsets[row] == parsed.offsets[row + 1] ? 1 : 0;
      target.offsets.push_back(static_cast<int64_t>(target.ids.size()));
    }
  }
}

}  // namespace ctr
