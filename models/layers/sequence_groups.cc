#include "models/layers/sequence_groups.h"

#include <algorithm>
#include <sstream>

#include "engine/check.h"
#include "ops/sequence/sequence.h"
#include "ops/shaping/shaping.h"

namespace ctr {
namespace {

std::vector<int64_t> fields_of(const Schema& schema, const std::string& group) {
  std::vector<int64_t> fields;
  std::istringstream text(group);
  for (std::string name; std::getline(text, name, '+');) fields.push_back(schema.index_of(name));
  return fields;
}

SequenceGroup item_group(const std::string& model, const Schema& schema) {
  const int64_t item = schema.index_of(FieldRole::item);
  for (size_t f = 0; item >= 0 && f < schema.fields.size(); ++f) {
    const Field& field = schema.fields[f];
    if (field.type == FieldType::sequence &&
        field.shares == schema.fields[static_cast<size_t>(item)].name)
      return {{item}, {static_cast<int64_t>(f)}};
  }
  fail(ErrorKind::usage,
       "{0}: data set '{1}' has no sequence that shares the table of its item field; name the "
       "fields with --{0}-target-fields and --{0}-sequence-fields",
       model, schema.name);
}

}  // namespace

std::vector<SequenceGroup> sequence_groups(const std::string& model, const Schema& schema,
                                           const NameList& targets, const NameList& sequences) {
  if (targets.empty() && sequences.empty()) return {item_group(model, schema)};
  CTR_CHECK(
      targets.size() == sequences.size(),
      "{0}: --{0}-target-fields names {1} groups and --{0}-sequence-fields {2}; each group of "
      "targets needs one of sequences",
      model, targets.size(), sequences.size());
  std::vector<SequenceGroup> groups;
  for (size_t g = 0; g < targets.size(); ++g) {
    SequenceGroup group{fields_of(schema, targets[g]), fields_of(schema, sequences[g])};
    CTR_CHECK(group.targets.size() == group.sequences.size(),
              "{}: '{}' and '{}' must name equal numbers of fields", model, targets[g],
              sequences[g]);
    auto field = [&](int64_t f) -> const Field& { return schema.fields[static_cast<size_t>(f)]; };
    for (int64_t f : group.targets)
      CTR_CHECK(field(f).input && !field(f).is_list(),
                "{}: '{}' cannot be a target; a target is an input with one value per row", model,
                field(f).name);
    for (int64_t f : group.sequences)
      CTR_CHECK(field(f).input && field(f).type == FieldType::sequence,
                "{}: '{}' is no sequence that is an input", model, field(f).name);
    groups.push_back(std::move(group));
  }
  return groups;
}

SequenceBatch read_group(const Embedding& embedding, const Schema& schema,
                         const SequenceGroup& group, const Batch& batch) {
  const auto first = static_cast<size_t>(group.sequences[0]);
  int64_t length = schema.fields[first].max_length;
  if (length == 0) {
    length = 1;
    for (int64_t f : group.sequences) {
      const FieldBatch& values = batch.fields[static_cast<size_t>(f)];
      length = std::max(length, longest_row(values.ids, values.offsets));
    }
  }
  std::vector<Var> targets, histories;
  for (int64_t f : group.targets) targets.push_back(embedding.field(batch, f));
  for (int64_t f : group.sequences) histories.push_back(embedding.sequence(batch, f, length));
  const int64_t padding = schema.fields[first].padding ? 0 : kNoPadding;
  const FieldBatch& values = batch.fields[first];
  return {targets.empty() ? Var() : concat(targets), concat(histories),
          sequence_mask({values.ids, values.offsets, length, padding})};
}

SequenceBatch read_sequence(const Embedding& embedding, const Schema& schema, int64_t sequence,
                            const Batch& batch) {
  return read_group(embedding, schema, {{}, {sequence}}, batch);
}

int64_t width_of(const Embedding& embedding, const std::vector<int64_t>& fields) {
  int64_t width = 0;
  for (int64_t f : fields) width += embedding.width_of(f);
  return width;
}

}  // namespace ctr
