#include "autograd/gradient.h"

#include <utility>

#include "autograd/coalesce.h"
#include "engine/check.h"
#include "engine/parallel.h"

namespace ctr {
Tensor to_dense(const RowGradient& gradient) {
  CoalescedRows rows = coalesce(gradient);
  Tensor dense = Tensor::zeros({gradient.table_rows, gradient.width}, rows.values.dtype());
  put_rows(rows, dense);
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
