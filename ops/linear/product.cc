#include "ops/linear/product.h"

namespace ctr {
namespace {

template <class T>
Matrix<const T> matrix(const Tensor& tensor) {
  return {tensor.data<T>(), tensor.dim(0), tensor.dim(1), tensor.dim(1)};
}
template <class T>
Matrix<T> matrix(Tensor& tensor) {
  return {tensor.data<T>(), tensor.dim(0), tensor.dim(1), tensor.dim(1)};
}

}  // namespace

void product(const Tensor& a, Transpose ta, const Tensor& b, Transpose tb, Tensor& c,
             const ProductOptions& options) {
  visit_float(a.dtype(), "linear", [&](auto zero) {
    using T = decltype(zero);
    const Epilogue<T> epilogue{options.bias.defined() ? options.bias.data<T>() : nullptr,
                               options.relu, options.add};
    gemm(a.device(), matrix<T>(a), ta, matrix<T>(b), tb, matrix<T>(c), epilogue);
  });
}

void input_gradient(const Tensor& dy, const Tensor& weight, Transpose factor, ColumnRange columns,
                    Tensor& dx, bool add) {
  visit_float(dy.dtype(), "linear", [&](auto zero) {
    using T = decltype(zero);
    Matrix<const T> w = matrix<T>(weight);
    const bool out_in = factor == Transpose::yes;
    w.data += columns.begin * (out_in ? 1 : w.stride);
    (out_in ? w.cols : w.rows) = columns.end - columns.begin;
    Matrix<T> result = matrix<T>(dx);
    result.data += columns.begin;
    result.cols = columns.end - columns.begin;
    gemm(dy.device(), matrix<T>(dy), Transpose::no, w, out_in ? Transpose::no : Transpose::yes,
         result, {nullptr, false, add});
  });
}

}  // namespace ctr
