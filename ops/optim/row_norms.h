#pragma once
// A bound of a table's norm that costs only the rows that change.

#include "engine/tensor.h"

namespace ctr {

// Keeps Σ_k w_k²/width of each row as it was when the row was last measured, rounded up. Their sum
// is kept in whole multiples of 2⁻¹⁶: it does not depend on the order in which rows were measured.
class RowNorms {
 public:
  // Of every row.
  void measure(const Tensor& weight);
  // Of the rows `ids` (i64, each once).
  void measure(const Tensor& weight, const Tensor& ids);
  bool measured() const { return rows_.defined(); }

  // At least Σ w² over rows as last measured; infinite when a row's mean square was beyond 2¹⁴ or
  // no number.
  double sum_of_squares() const;

  // f32 [rows], to be stored and given back.
  const Tensor& rows() const { return rows_; }
  void restore(const Tensor& rows, int64_t width);

 private:
  Tensor rows_;
  int64_t width_ = 0;
  int64_t sum_ = 0;     // of the rows within the limit
  int64_t beyond_ = 0;  // rows that are not
};

}  // namespace ctr
