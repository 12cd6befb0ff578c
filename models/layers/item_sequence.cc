#include "models/layers/item_sequence.h"

#include <algorithm>
#include <numeric>

#include "engine/check.h"
#include "ops/sequence/sequence.h"

namespace ctr {
namespace {

Tensor places(const Tensor& ids, int64_t begin, int64_t end) {
  const int64_t rows = ids.dim(0), length = ids.dim(1);
  Tensor result({rows, end - begin}, DType::i64);
  for (int64_t b = 0; b < rows; ++b)
    std::copy_n(ids.data<int64_t>() + b * length + begin, end - begin,
                result.data<int64_t>() + b * (end - begin));
  return result;
}

// Whether fields read one table.
bool share_table(const Field& a, const Field& b) {
  return a.shares == b.name || b.shares == a.name || (!a.shares.empty() && a.shares == b.shares);
}

int64_t found_field(const std::string& model, const ModelContext& context) {
  const Schema& schema = context.schema;
  const std::string& name = context.options.next_item.sequence_field;
  if (!name.empty()) return schema.index_of(name);
  const int64_t item = schema.index_of(FieldRole::item);
  int64_t first = -1;
  for (size_t f = 0; f < schema.fields.size(); ++f) {
    const Field& field = schema.fields[f];
    if (field.type != FieldType::sequence || !field.input) continue;
    if (item >= 0 && share_table(field, schema.fields[static_cast<size_t>(item)]))
      return static_cast<int64_t>(f);
    if (first < 0) first = static_cast<int64_t>(f);
  }
  CTR_CHECK(
      first >= 0,
      "{}: data set '{}' has no sequence of items; prepare it with one that shares the item's "
      "vocabulary (docs/data.md, Fields)",
      model, schema.name);
  return first;
}

}  // namespace

Tensor at_the_end(const FieldBatch& list, int64_t length) {
  const int64_t rows = list.offsets.count();
  Tensor result({rows, length}, DType::i64);
  const int64_t* begin = list.offsets.data<int64_t>();
  for (int64_t b = 0; b < rows; ++b) {
    const int64_t end = b + 1 < rows ? begin[b + 1] : list.ids.count();
    const int64_t kept = std::min(length, end - begin[b]);
    int64_t* row = result.data<int64_t>() + b * length;
    std::fill_n(row, length - kept, 0);
    std::copy_n(list.ids.data<int64_t>() + end - kept, kept, row + length - kept);
  }
  return result;
}

Tensor all_but_last(const Tensor& ids) { return places(ids, 0, ids.dim(1) - 1); }
Tensor all_but_first(const Tensor& ids) { return places(ids, 1, ids.dim(1)); }

Tensor moved_on(const Tensor& ids, int64_t last) {
  const int64_t rows = ids.dim(0), length = ids.dim(1);
  Tensor result({rows, length}, DType::i64);
  for (int64_t b = 0; b < rows; ++b) {
    int64_t* row = result.data<int64_t>() + b * length;
    std::copy_n(ids.data<int64_t>() + b * length + 1, length - 1, row);
    row[length - 1] = last;
  }
  return result;
}

ItemSequence::ItemSequence(const std::string& model, const ModelContext& context)
    : field_(found_field(model, context)) {
  const Schema& schema = context.schema;
  const Field& field = schema.fields[static_cast<size_t>(field_)];
  CTR_CHECK(context.options.embedding.kind == "plain",
            "{}: items have a vector each; --embeddings {} does not go with it", model,
            context.options.embedding.kind);
  CTR_CHECK(field.type == FieldType::sequence,
            "{}: '{}' is no sequence; name one with --next-sequence-field", model, field.name);
  CTR_CHECK(field.max_length != 1,
            "{}: '{}' keeps one item per row, and nothing follows it; prepare the data with a "
            "larger max_length",
            model, field.name);
  items_ = field.vocabulary;
  first_item_ = std::max<int64_t>(1, field.first_token());
  length_ = field.max_length;
  table_ = field.shares.empty() ? field.name : field.shares;
  const int64_t item = schema.index_of(FieldRole::item);
  if (item >= 0 && share_table(field, schema.fields[static_cast<size_t>(item)])) item_field_ = item;
}

Tensor ItemSequence::followed(const Batch& batch) const {
  const Tensor ids = this->ids(batch);
  if (item_field_ < 0) return ids;
  const int64_t rows = ids.dim(0), length = ids.dim(1);
  const Tensor label = batch.label.cast(DType::f64);
  const int64_t labels = label.count() / rows;  // of several tasks, the first tells
  Tensor result = Tensor::zeros({rows, length + 1}, DType::i64);
  for (int64_t b = 0; b < rows; ++b) {
    int64_t* row = result.data<int64_t>() + b * (length + 1);
    const bool clicked = label.data<double>()[b * labels] > 0.5;
    std::copy_n(ids.data<int64_t>() + b * length, length, row + (clicked ? 0 : 1));
    if (clicked) row[length] = item(batch).data<int64_t>()[b];
  }
  return result;
}

Batch ItemSequence::at_places(const LaneStep& step, const Batch& rows) const {
  Batch batch;
  batch.rows = step.ids.count();
  std::vector<int64_t> offsets(static_cast<size_t>(batch.rows));
  std::iota(offsets.begin(), offsets.end(), 0);
  batch.fields.resize(rows.fields.size());
  batch.fields[static_cast<size_t>(field_)] = {
      step.ids, Tensor::from<int64_t>({batch.rows}, offsets), {}};
  if (item_field_ >= 0) batch.fields[static_cast<size_t>(item_field_)].ids = step.next;
  batch.label = Tensor::full({batch.rows}, rows.label.dtype(), 1);
  batch.labels = {batch.label};
  batch.row = step.row;
  if (rows.row.defined()) {
    batch.row = Tensor({batch.rows}, DType::i64);
    for (int64_t l = 0; l < batch.rows; ++l)
      batch.row.data<int64_t>()[l] = rows.row.data<int64_t>()[step.row.data<int64_t>()[l]];
  }
  batch.next = step.next;
  batch.begins = step.begins;
  return batch;
}

Tensor ItemSequence::ids_of(const Batch& batch, int64_t field) const {
  const FieldBatch& own = batch.fields[static_cast<size_t>(field_)];
  const int64_t length =
      length_ > 0 ? length_ : std::max<int64_t>(2, longest_row(own.ids, own.offsets));
  return at_the_end(batch.fields[static_cast<size_t>(field)], length);
}

Tensor ItemSequence::ids_at_the_beginning(const Batch& batch) const {
  Tensor ids = this->ids(batch);
  const int64_t* begin = batch.fields[static_cast<size_t>(field_)].offsets.data<int64_t>();
  const int64_t rows = ids.dim(0), length = ids.dim(1);
  const int64_t all = batch.fields[static_cast<size_t>(field_)].ids.count();
  for (int64_t b = 0; b < rows; ++b) {
    int64_t* row = ids.data<int64_t>() + b * length;
    const int64_t kept = std::min(length, (b + 1 < rows ? begin[b + 1] : all) - begin[b]);
    std::rotate(row, row + length - kept, row + length);
  }
  return ids;
}

}  // namespace ctr
