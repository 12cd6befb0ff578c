#include "ops/linear/group_products.h"

#include "engine/grouped_gemm.h"

namespace ctr {
namespace {

GroupedRows listed(const RowGroups& groups) {
  return {groups.rows.data<int64_t>(), groups.begin.data<int64_t>(), groups.count()};
}

template <class T>
Matrix<const T> matrix(const Tensor& t) {
  return {t.data<T>(), t.dim(0), t.dim(1), t.dim(1)};
}
template <class T>
Matrix<T> matrix(Tensor& t) {
  return {t.data<T>(), t.dim(0), t.dim(1), t.dim(1)};
}

template <class T>
GroupMatrices<const T> matrices(const Tensor& t) {
  return {{t.data<T>(), t.dim(1), t.dim(2), t.dim(2)}, t.dim(1) * t.dim(2)};
}
template <class T>
GroupMatrices<T> matrices(Tensor& t) {
  return {{t.data<T>(), t.dim(1), t.dim(2), t.dim(2)}, t.dim(1) * t.dim(2)};
}

}  // namespace

void group_product(const Tensor& x, const Tensor& w, Transpose transpose, const RowGroups& groups,
                   Tensor& y, const GroupProductOptions& options) {
  visit_float(x.dtype(), "group_product", [&](auto zero) {
    using T = decltype(zero);
    const T* bias = options.bias.defined() ? options.bias.data<T>() : nullptr;
    grouped_gemm(x.device(), listed(groups), matrix<T>(x), matrices<T>(w), transpose, matrix<T>(y),
                 {bias, options.relu, options.add});
  });
}

void group_input_gradient(const Tensor& dy, const Tensor& w, Transpose factor,
                          const RowGroups& groups, ColumnRange columns, Tensor& dx, bool add) {
  visit_float(dy.dtype(), "group_product", [&](auto zero) {
    using T = decltype(zero);
    GroupMatrices<const T> part = matrices<T>(w);
    const bool out_in = factor == Transpose::yes;
    part.first.data += columns.begin * (out_in ? 1 : part.first.stride);
    (out_in ? part.first.cols : part.first.rows) = columns.end - columns.begin;
    Matrix<T> result = matrix<T>(dx);
    result.data += columns.begin;
    result.cols = columns.end - columns.begin;
    grouped_gemm(dy.device(), listed(groups), matrix<T>(dy), part,
                 out_in ? Transpose::no : Transpose::yes, result, {nullptr, false, add});
  });
}

Tensor group_outer(const Tensor& x, const Tensor& y, const RowGroups& groups) {
  Tensor result({groups.count(), x.dim(1), y.dim(1)}, x.dtype(), x.device());
  visit_float(x.dtype(), "group_outer", [&](auto zero) {
    using T = decltype(zero);
    grouped_outer_gemm(x.device(), listed(groups), matrix<T>(x), matrix<T>(y), matrices<T>(result));
  });
  return result;
}

Tensor group_sum(const Tensor& y, const RowGroups& groups) {
  Tensor result({groups.count(), 1, y.dim(1)}, y.dtype(), y.device());
  visit_float(y.dtype(), "group_sum", [&](auto zero) {
    using T = decltype(zero);
    const T one = T(1);  // a factor whose rows are all this
    grouped_outer_gemm(y.device(), listed(groups), Matrix<const T>{&one, y.dim(0), 1, 0},
                       matrix<T>(y), matrices<T>(result));
  });
  return result.reshaped({groups.count(), y.dim(1)});
}

}  // namespace ctr
