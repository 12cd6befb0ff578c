#include "models/layers/embedding.h"

#include <algorithm>

#include "engine/check.h"
#include "ops/bucketing/bucketing.h"
#include "ops/elementwise/elementwise.h"
#include "ops/gather/gather.h"
#include "ops/linear/linear.h"
#include "ops/reduce/reduce.h"
#include "ops/sequence/sequence.h"
#include "ops/shaping/shaping.h"

namespace ctr {
namespace {

constexpr double kLinearDeviation = 1e-4;

int64_t trained_width(const ModelContext& context) {
  if (context.options.embedding_dim > 0) return context.options.embedding_dim;
  for (const Field& field : context.schema.fields) {
    if (!field.vectors.empty()) return field.vector_width;
  }
  return 16;
}

int64_t padding_of(const Field& field) { return field.padding ? 0 : kNoPadding; }

Initializer table_initializer(const Field& field, double deviation) {
  Initializer initializer = Initializer::normal(deviation);
  return field.padding ? initializer.with_zero_row() : initializer;
}

// value · vector: x [B] against a weight [D, 1] → [B, D].
Var scaled_vector(const FieldBatch& batch, const Parameter& weight) {
  Tensor values = batch.values.dtype() == weight.value.dtype()
                      ? batch.values
                      : batch.values.cast(weight.value.dtype());
  return linear(Var(values.reshaped({values.count(), 1})), weight);
}

NumericBuckets buckets_of(const Field& field, const ModelOptions& options) {
  if (field.type != FieldType::numeric || options.numeric != "buckets") return {};
  CTR_CHECK(field.encoding.numbers == NumberRule::raw,
            "embedding: --numeric buckets needs the numbers as they were, but '{}' was rescaled "
            "when the data was prepared; prepare it with raw numbers",
            field.name);
  return {options.embedding.numeric_rows, options.embedding.numeric_negative_rows};
}

Var looked_up(const FieldBatch& batch, FieldType type, const Parameter& table, int64_t padding) {
  if (type == FieldType::multivalued || type == FieldType::sequence)
    return gather_bag(table, batch.ids, batch.offsets, Pooling::mean, padding);
  return gather(table, batch.ids, padding);
}

}  // namespace

Tensor NumericBuckets::ids_of(const FieldBatch& batch) const {
  return rows > 0 ? log_square_buckets(batch.values, rows, negative_rows) : batch.ids;
}

Embedding::Embedding(const Scope& scope, const ModelContext& context) {
  for (const Field& field : context.schema.fields) {
    entries_.push_back(field.input ? entry_of(scope / "embedding", field, context, true) : Entry());
  }
  CTR_CHECK_DATA(width() > 0, "embedding: data set '{}' has no input fields", context.schema.name);
}

Embedding::Embedding(const Scope& scope, const ModelContext& context,
                     std::span<const int64_t> fields, std::string_view name)
    : entries_(context.schema.fields.size()) {
  for (int64_t f : fields) {
    const auto index = static_cast<size_t>(f);
    entries_[index] = entry_of(scope / name, context.schema.fields[index], context, false);
  }
}

Embedding::Entry Embedding::entry_of(const Scope& tables, const Field& field,
                                     const ModelContext& context, bool given) const {
  const ModelOptions& options = context.options;
  Entry entry;
  entry.type = field.type;
  entry.width = trained_width(context);
  entry.padding = padding_of(field);
  entry.buckets = buckets_of(field, options);
  const Initializer initializer = table_initializer(field, options.embedding_deviation);
  if (entry.buckets.rows > 0) {
    entry.type = FieldType::categorical;
    entry.padding = kNoPadding;
    entry.table = &tables.table(field.name, {entry.buckets.count(), entry.width},
                                Initializer::normal(options.embedding_deviation));
  } else if (field.type == FieldType::numeric) {
    entry.raw = options.numeric == "raw";
    if (entry.raw) {
      entry.width = 1;
    } else {
      entry.table =
          &tables.table(field.name, {entry.width, 1}, Initializer::xavier_normal(1, entry.width));
    }
  } else if (const Entry* owner = owner_of(field, context)) {
    entry.table = owner->table;
    entry.compressed = owner->compressed;
    entry.width = owner->width;
  } else if (is_compressed(context.schema, field, options.embedding)) {
    entry.compressed = compressed_embedding(tables / field.name, field, entry.width,
                                            options.embedding, options.embedding_deviation);
  } else if (given && !field.vectors.empty() && !names_field(options.embedding, field)) {
    auto found = context.vectors.find(field.vectors);
    CTR_CHECK_DATA(found != context.vectors.end(),
                   "embedding: the data set has no vectors '{}' for field '{}'", field.vectors,
                   field.name);
    entry.width = found->second.dim(1);
    entry.table = &tables.frozen_table(field.name, found->second);
  } else {
    entry.table = &tables.table(field.name, {field.vocabulary, entry.width}, initializer);
  }
  return entry;
}

// The entry whose table the field shares, where that is made already; else null.
const Embedding::Entry* Embedding::owner_of(const Field& field, const ModelContext& context) const {
  if (field.shares.empty()) return nullptr;
  const auto owner = static_cast<size_t>(context.schema.index_of(field.shares));
  CTR_CHECK_DATA(context.schema.fields[owner].vocabulary == field.vocabulary,
                 "embedding: '{}' shares the table of '{}' and must have its {} rows, got {}",
                 field.name, field.shares, context.schema.fields[owner].vocabulary,
                 field.vocabulary);
  const bool made = owner < entries_.size() && entries_[owner].width > 0;
  return made ? &entries_[owner] : nullptr;
}

int64_t Embedding::width() const {
  int64_t sum = 0;
  for (const Entry& entry : entries_) sum += entry.width;
  return sum;
}

int64_t Embedding::count() const {
  return std::count_if(entries_.begin(), entries_.end(),
                       [](const Entry& entry) { return !entry.raw && entry.width > 0; });
}

int64_t Embedding::raw_width() const {
  return std::count_if(entries_.begin(), entries_.end(),
                       [](const Entry& entry) { return entry.raw; });
}

int64_t Embedding::vector_width() const {
  int64_t width = 0;
  for (const Entry& entry : entries_) {
    if (entry.raw || entry.width == 0) continue;
    if (width == 0) width = entry.width;
    CTR_CHECK(entry.width == width,
              "embedding: interactions need vectors of one width, got {} and {}; set "
              "--embedding-dim to the width of the given vectors",
              width, entry.width);
  }
  CTR_CHECK(width > 0, "embedding: no field has a vector; use --numeric embed");
  return width;
}

Var Embedding::field(const Batch& batch, int64_t index) const {
  const Entry& entry = entries_[static_cast<size_t>(index)];
  const FieldBatch& values = batch.fields[static_cast<size_t>(index)];
  CTR_CHECK(entry.width > 0, "embedding: field {} of the data set is no input", index);
  CTR_CHECK(!entry.raw, "embedding: a raw numeric field has no vector; use --numeric embed");
  if (entry.type == FieldType::numeric) return scaled_vector(values, *entry.table);
  if (entry.compressed) return entry.compressed->of_field(values, entry.type, entry.padding);
  if (entry.buckets.rows > 0) return gather(*entry.table, entry.buckets.ids_of(values));
  return looked_up(values, entry.type, *entry.table, entry.padding);
}

Var Embedding::sequence(const Batch& batch, int64_t index, int64_t length) const {
  const Entry& entry = entries_[static_cast<size_t>(index)];
  const FieldBatch& values = batch.fields[static_cast<size_t>(index)];
  CTR_CHECK(entry.width > 0 && values.offsets.defined(),
            "embedding: field {} of the data set is no list that the model reads", index);
  const SequenceIds ids{values.ids, values.offsets, length, entry.padding};
  return entry.compressed ? entry.compressed->of_sequence(ids) : gather_sequence(*entry.table, ids);
}

// The end of the run of categorical fields with tables of one width that begins here and that none
// of `instead` breaks: one gather serves them all.
size_t Embedding::run_end(size_t begin, const std::map<int64_t, Var>& instead) const {
  size_t end = begin;
  while (end < entries_.size() && entries_[end].joins_run() &&
         entries_[end].width == entries_[begin].width &&
         !instead.contains(static_cast<int64_t>(end))) {
    ++end;
  }
  return end;
}

// The vectors of the fields in order, [B, one or more fields · width] each.
std::vector<Var> Embedding::parts(const Batch& batch, const std::map<int64_t, Var>& instead) const {
  std::vector<Var> parts;
  for (size_t f = 0; f < entries_.size();) {
    if (entries_[f].raw || entries_[f].width == 0) {
      ++f;
      continue;
    }
    if (const auto other = instead.find(static_cast<int64_t>(f)); other != instead.end()) {
      if (other->second.defined()) parts.push_back(other->second);
      ++f;
      continue;
    }
    size_t end = run_end(f, instead);
    if (end <= f + 1) {
      parts.push_back(field(batch, static_cast<int64_t>(f++)));
      continue;
    }
    std::vector<Lookup> lookups;
    for (; f < end; ++f)
      lookups.push_back(
          {*entries_[f].table, entries_[f].buckets.ids_of(batch.fields[f]), entries_[f].padding});
    parts.push_back(flatten(gather_fields(lookups)));
  }
  return parts;
}

std::vector<Var> Embedding::and_raw(std::vector<Var> all, const Batch& batch) const {
  for (size_t f = 0; f < entries_.size(); ++f) {
    if (!entries_[f].raw) continue;
    const Tensor& values = batch.fields[f].values;
    const DType dtype = all.empty() ? values.dtype() : all[0].dtype();
    all.emplace_back(values.cast(dtype).reshaped({values.count(), 1}));
  }
  return all;
}

Var Embedding::flat(const Batch& batch, const std::map<int64_t, Var>& instead) const {
  return concat(and_raw(parts(batch, instead), batch));
}

Var Embedding::with_raw(const Var& x, const Batch& batch) const {
  return raw_width() == 0 ? x : concat(and_raw({x}, batch));
}

Var Embedding::fields(const Batch& batch) const {
  const int64_t width = vector_width();
  return reshape(concat(parts(batch, {})), {batch.rows, count(), width});
}

std::vector<int64_t> input_fields(const Schema& schema) {
  std::vector<int64_t> inputs;
  for (size_t f = 0; f < schema.fields.size(); ++f) {
    if (schema.fields[f].input) inputs.push_back(static_cast<int64_t>(f));
  }
  return inputs;
}

LinearTerm::LinearTerm(const Scope& scope, const ModelContext& context, bool bias) {
  const Scope weights = scope / "linear";
  for (const Field& field : context.schema.fields)
    entries_.push_back(field.input ? entry_of(weights, field, context) : Entry());
  if (bias) bias_ = &weights.parameter("bias", {1}, Initializer::zeros());
}

LinearTerm::Entry LinearTerm::entry_of(const Scope& weights, const Field& field,
                                       const ModelContext& context) const {
  const ModelOptions& options = context.options;
  Entry entry{field.type, padding_of(field)};
  entry.buckets = buckets_of(field, options);
  if (entry.buckets.rows > 0) {
    entry.type = FieldType::categorical;
    entry.padding = kNoPadding;
    entry.weight = &weights.table(field.name, {entry.buckets.count(), 1},
                                  Initializer::normal(kLinearDeviation));
  } else if (field.type == FieldType::numeric) {
    entry.weight = &weights.table(field.name, {1, 1}, Initializer::xavier_normal(1, 1));
  } else if (options.embedding.compress_linear &&
             is_compressed(context.schema, field, options.embedding)) {
    entry.compressed =
        compressed_embedding(weights / field.name, field, 1, options.embedding, kLinearDeviation);
  } else {
    entry.weight = &weights.table(field.name, {field.vocabulary, 1},
                                  table_initializer(field, kLinearDeviation));
  }
  return entry;
}

Var LinearTerm::operator()(const Batch& batch) const {
  std::vector<Lookup> lookups;
  Var sum;
  auto plus = [&sum](const Var& term) { sum = sum.defined() ? sum + term : term; };
  for (size_t f = 0; f < entries_.size(); ++f) {
    const Entry& entry = entries_[f];
    const FieldBatch& values = batch.fields[f];
    if (entry.compressed) {
      plus(entry.compressed->of_field(values, entry.type, entry.padding));
    } else if (entry.weight == nullptr) {
      continue;
    } else if (entry.type == FieldType::categorical) {
      lookups.push_back({*entry.weight, entry.buckets.ids_of(values), entry.padding});
    } else if (entry.type == FieldType::numeric) {
      plus(scaled_vector(values, *entry.weight));
    } else {
      plus(looked_up(values, entry.type, *entry.weight, entry.padding));
    }
  }
  if (!lookups.empty()) plus(gather_sum(lookups));
  CTR_CHECK_DATA(sum.defined(), "linear term: the data set has no input fields");
  return bias_ == nullptr ? sum : sum + Var(*bias_);
}

}  // namespace ctr
