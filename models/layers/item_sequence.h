#pragma once

#include <string>

#include "models/layers/session_lanes.h"
#include "models/model.h"

namespace ctr {

// Ids of lists at the ends of `length` places, the last ones of longer rows, 0 before them → i64
// [B, length].
Tensor at_the_end(const FieldBatch& list, int64_t length);
// Without the last place, and without the first: what stands at a place and what follows it.
Tensor all_but_last(const Tensor& ids);
Tensor all_but_first(const Tensor& ids);
// One place on: the first is dropped, `last` stands at the end.
Tensor moved_on(const Tensor& ids, int64_t last);

// The sequence of items that a model reads: the field that an option names; else the first that
// has one table with the item field, else the first sequence. Id 0 stands for no item.
class ItemSequence {
 public:
  // `model` begins messages.
  ItemSequence(const std::string& model, const ModelContext& context);

  // L places: the field's max_length, or as many as the longest row has.
  Tensor ids(const Batch& batch) const { return ids_of(batch, field_); }
  // The same at the first places, 0 behind them.
  Tensor ids_at_the_beginning(const Batch& batch) const;
  // The row's item behind its sequence where it was clicked, else the sequence alone, 0 before
  // shorter ones → i64 [B, L + 1]. Without an item field: the sequence, [B, L].
  Tensor followed(const Batch& batch) const;
  // The row's item, i64 [B]; there must be an item field.
  const Tensor& item(const Batch& batch) const {
    return batch.fields[static_cast<size_t>(item_field_)].ids;
  }
  // A step of lanes as a batch of the same rows' schema and numbers.
  Batch at_places(const LaneStep& step, const Batch& rows) const;
  // Of another sequence, at as many places as this one has.
  Tensor ids_of(const Batch& batch, int64_t field) const;

  int64_t field() const { return field_; }
  int64_t items() const { return items_; }  // V, with id 0
  // Ids below stand for no item: 0, and that of items out of vocabulary.
  int64_t first_item() const { return first_item_; }
  int64_t length() const { return length_; }  // L; 0: as it comes
  // The name of the items' table: the field's, or that of the field whose table it shares.
  const std::string& table() const { return table_; }
  // The field with one item of the same table per row, -1 when there is none.
  int64_t item_field() const { return item_field_; }

 private:
  int64_t field_ = -1, item_field_ = -1;
  int64_t items_ = 0, first_item_ = 1, length_ = 0;
  std::string table_;
};

}  // namespace ctr
