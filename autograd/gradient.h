#pragma once
// Gradients: nothing, a dense tensor, or rows of a table.

#include <cstdint>
#include <variant>
#include <vector>

#include "engine/tensor.h"

namespace ctr {

// One lookup's share of a table's gradient: d table[ids[i]] += scale · values[i][offset … offset +
// width). It costs nothing to make: the ids and the upstream gradient, which other lookups may
// share.
struct RowPart {
  Tensor ids;          // i64 [n], repeats allowed
  Tensor values;       // f32 or f64 [n, stride]
  int64_t stride = 0;  // elements from one row of `values` to the next
  int64_t offset = 0;  // first element within a row
};

struct RowGradient {
  int64_t table_rows = 0;
  int64_t width = 0;
  int64_t padding = -1;        // entries with this id are dropped; -1: none
  std::vector<RowPart> parts;  // in the order in which they arrived
};

// The gradient as a whole table [table_rows, width].
Tensor to_dense(const RowGradient& gradient);

class Gradient {
 public:
  Gradient() = default;
  Gradient(Tensor dense) : value_(std::move(dense)) {}
  Gradient(RowGradient rows) : value_(std::move(rows)) {}

  bool empty() const { return std::holds_alternative<std::monostate>(value_); }
  bool is_dense() const { return std::holds_alternative<Tensor>(value_); }
  bool is_rows() const { return std::holds_alternative<RowGradient>(value_); }
  const Tensor& dense() const { return std::get<Tensor>(value_); }
  const RowGradient& rows() const { return std::get<RowGradient>(value_); }
  // The dense tensor if nobody else holds it, else null.
  Tensor* unshared() {
    Tensor* dense = std::get_if<Tensor>(&value_);
    return dense != nullptr && dense->unique() ? dense : nullptr;
  }

  // Adds `other`. The first gradient may share its buffer with other holders; a sum is written in
  // place only into a buffer that nobody else holds. Rows meeting a dense gradient throw unless
  // `densify` is set.
  void add(Gradient other, bool densify);

 private:
  std::variant<std::monostate, Tensor, RowGradient> value_;
};

}  // namespace ctr
