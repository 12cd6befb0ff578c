#include "io/batch_rows.h"

#include <cstring>

namespace ctr {
namespace {

// Of a tensor with one number a row; undefined stays so.
Tensor numbers_at(const Tensor& from, std::span<const int64_t> places) {
  if (!from.defined()) return {};
  Tensor result({static_cast<int64_t>(places.size())}, from.dtype());
  const size_t size = size_of(from.dtype());
  auto* out = static_cast<char*>(result.raw());
  for (const int64_t place : places) {
    std::memcpy(out, static_cast<const char*>(from.raw()) + static_cast<size_t>(place) * size,
                size);
    out += size;
  }
  return result;
}

FieldBatch lists_at(const FieldBatch& from, std::span<const int64_t> places) {
  const std::span<const int64_t> offsets = from.offsets.span<int64_t>();
  auto end_of = [&](int64_t place) {
    const auto next = static_cast<size_t>(place) + 1;
    return next < offsets.size() ? offsets[next] : from.ids.count();
  };
  FieldBatch result;
  result.offsets = Tensor({static_cast<int64_t>(places.size())}, DType::i64);
  int64_t total = 0;
  for (size_t i = 0; i < places.size(); ++i) {
    result.offsets.data<int64_t>()[i] = total;
    total += end_of(places[i]) - offsets[static_cast<size_t>(places[i])];
  }
  result.ids = Tensor({total}, DType::i64);
  auto* out = result.ids.data<int64_t>();
  for (const int64_t place : places)
    for (int64_t i = offsets[static_cast<size_t>(place)]; i < end_of(place); ++i)
      *out++ = from.ids.data<int64_t>()[i];
  return result;
}

}  // namespace

Batch rows_of(const Batch& batch, std::span<const int64_t> places) {
  Batch result;
  result.rows = static_cast<int64_t>(places.size());
  for (const FieldBatch& field : batch.fields) {
    if (field.offsets.defined())
      result.fields.push_back(lists_at(field, places));
    else
      result.fields.push_back(
          {numbers_at(field.ids, places), {}, numbers_at(field.values, places)});
  }
  for (const Tensor& label : batch.labels) result.labels.push_back(numbers_at(label, places));
  result.label = result.labels.empty() ? numbers_at(batch.label, places) : result.labels[0];
  result.domain = numbers_at(batch.domain, places);
  result.group = numbers_at(batch.group, places);
  result.row = numbers_at(batch.row, places);
  return result;
}

}  // namespace ctr
