#include "autograd/gradient.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <utility>

#include "engine/check.h"
#include "engine/parallel.h"

namespace ctr {
namespace {

// One entry of the gradient: the row it adds to, and where its values stand.
struct Entry {
  uint32_t id;
  uint32_t part;
  const void* values;
};

std::vector<Entry> entries_of(const RowGradient& gradient) {
  CTR_CHECK(gradient.table_rows <= int64_t{1} << 32,
            "coalesce: tables of more than 2^32 rows are not supported, got {}",
            gradient.table_rows);
  size_t count = 0;
  for (const RowPart& part : gradient.parts) count += static_cast<size_t>(part.ids.count());
  std::vector<Entry> entries;
  entries.reserve(count);
  for (size_t p = 0; p < gradient.parts.size(); ++p) {
    const RowPart& part = gradient.parts[p];
    const auto* ids = part.ids.data<int64_t>();
    const auto* values = static_cast<const char*>(part.values.raw());
    auto size = static_cast<int64_t>(size_of(part.values.dtype()));
    for (int64_t i = 0; i < part.ids.count(); ++i) {
      if (ids[i] == gradient.padding) continue;
      entries.push_back({static_cast<uint32_t>(ids[i]), static_cast<uint32_t>(p),
                         values + (i * part.stride + part.offset) * size});
    }
  }
  return entries;
}

// Least-significant-digit radix sort, 11 bits a pass: stable, and linear in the number of entries.
void sort_by_id(std::vector<Entry>& entries, int64_t table_rows) {
  constexpr int kDigitBits = 11;
  constexpr uint32_t kMask = (1u << kDigitBits) - 1;
  const int bits = std::bit_width(static_cast<uint64_t>(std::max<int64_t>(table_rows - 1, 1)));
  std::vector<Entry> other(entries.size());
  for (int shift = 0; shift < bits; shift += kDigitBits) {
    std::array<size_t, kMask + 2> begin{};
    for (const Entry& entry : entries) ++begin[((entry.id >> shift) & kMask) + 1];
    for (size_t digit = 1; digit < begin.size(); ++digit) begin[digit] += begin[digit - 1];
    for (const Entry& entry : entries) other[begin[(entry.id >> shift) & kMask]++] = entry;
    entries.swap(other);
  }
}

// Where each run of equal ids begins, and the end of the last.
std::vector<int64_t> run_starts(const std::vector<Entry>& entries) {
  std::vector<int64_t> starts;
  for (size_t i = 0; i < entries.size(); ++i) {
    if (i == 0 || entries[i].id != entries[i - 1].id) starts.push_back(static_cast<int64_t>(i));
  }
  starts.push_back(static_cast<int64_t>(entries.size()));
  return starts;
}

}  // namespace

CoalescedRows coalesce(const RowGradient& gradient) {
  CTR_ASSERT(!gradient.parts.empty());
  std::vector<Entry> entries = entries_of(gradient);
  sort_by_id(entries, gradient.table_rows);
  const std::vector<int64_t> starts = run_starts(entries);
  const auto unique = static_cast<int64_t>(starts.size()) - 1;

  CoalescedRows result{Tensor({unique}, DType::i64),
                       Tensor({unique, gradient.width}, gradient.parts[0].values.dtype())};
  auto* ids = result.ids.data<int64_t>();
  const int64_t width = gradient.width;
  visit_float(result.values.dtype(), "coalesce", [&](auto zero) {
    using T = decltype(zero);
    T* sums = result.values.data<T>();
    parallel_rows(unique, 4 * width, [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) {
        T* sum = sums + row * width;
        const Entry* entry = &entries[static_cast<size_t>(starts[static_cast<size_t>(row)])];
        const Entry* last = entries.data() + starts[static_cast<size_t>(row) + 1];
        ids[row] = entry->id;
        std::memcpy(sum, entry->values, static_cast<size_t>(width) * sizeof(T));
        for (++entry; entry != last; ++entry) {
          const T* values = static_cast<const T*>(entry->values);
          for (int64_t k = 0; k < width; ++k) sum[k] += values[k];
        }
      }
    });
  });
  return result;
}

Tensor to_dense(const RowGradient& gradient) {
  CoalescedRows rows = coalesce(gradient);
  Tensor dense = Tensor::zeros({gradient.table_rows, gradient.width}, rows.values.dtype());
  const auto* ids = rows.ids.data<int64_t>();
  const size_t bytes = static_cast<size_t>(gradient.width) * size_of(rows.values.dtype());
  for (int64_t i = 0; i < rows.ids.count(); ++i) {
    std::memcpy(static_cast<char*>(dense.raw()) + static_cast<size_t>(ids[i]) * bytes,
                static_cast<const char*>(rows.values.raw()) + static_cast<size_t>(i) * bytes,
                bytes);
  }
  return dense;
}

void Gradient::add(Gradient other, bool densify) {
  if (other.empty()) return;
  if (empty()) {
    *this = std::move(other);
    return;
  }
  if (is_rows() && other.is_rows()) {
    auto& parts = std::get<RowGradient>(value_).parts;
    for (RowPart& part : std::get<RowGradient>(other.value_).parts)
      parts.push_back(std::move(part));
    return;
  }
  if (is_rows() != other.is_rows()) {
    CTR_CHECK(densify,
              "a lookup's row gradient meets a dense gradient on the same parameter; declare the "
              "parameter "
              "`tied` if its table is also used as a matrix");
    if (is_rows()) value_ = to_dense(rows());
    if (other.is_rows()) other.value_ = to_dense(other.rows());
  }
  Tensor& mine = std::get<Tensor>(value_);
  const Tensor& theirs = other.dense();
  CTR_ASSERT(mine.count() == theirs.count());
  Tensor sum = mine.unique() ? mine : Tensor(mine.shape(), mine.dtype());
  visit_float(mine.dtype(), "gradient", [&](auto zero) {
    using T = decltype(zero);
    const T* a = mine.data<T>();
    const T* b = theirs.data<T>();
    T* out = sum.data<T>();
    parallel_for(mine.count(), parallel_grain(), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) out[i] = a[i] + b[i];
    });
  });
  value_ = std::move(sum);
}

}  // namespace ctr
