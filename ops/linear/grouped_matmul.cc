#include <algorithm>

#include "engine/check.h"
#include "engine/parallel.h"
#include "engine/small_gemm.h"
#include "ops/linear/linear.h"
#include "ops/registry.h"

namespace ctr {
namespace {

// h [B, N], W [G, N, M]; rows are visited group by group, so that a group's matrix stays in the
// cache.
template <class T>
class Grouped {
 public:
  Grouped(const Tensor& w, const RowGroups& groups)
      : w_(w.data<T>()), inner_(w.dim(1)), cols_(w.dim(2)), groups_(groups) {}

  // y_b = h_b W_g
  void forward(const Tensor& h, Tensor& y) const {
    each_row([&](int64_t row, const T* matrix) {
      T* out = y.data<T>() + row * cols_;
      std::fill_n(out, cols_, T(0));
      const T* left = h.data<T>() + row * inner_;
      for (int64_t i = 0; i < inner_; ++i)
        small::add_scaled(left[i], matrix + i * cols_, out, cols_);
    });
  }

  // dh_b = dy_b W_gᵀ
  void backward_rows(const Tensor& dy, Tensor& dh) const {
    each_row([&](int64_t row, const T* matrix) {
      T* out = dh.data<T>() + row * inner_;
      const T* right = dy.data<T>() + row * cols_;
      for (int64_t i = 0; i < inner_; ++i) out[i] = small::dot(matrix + i * cols_, right, cols_);
    });
  }

  // dW_g = Σ h_bᵀ dy_b over the rows of g, in their order.
  void backward_matrices(const Tensor& h, const Tensor& dy, Tensor& dw) const {
    parallel_rows(inner_, (groups_.count() + h.dim(0)) * cols_, [&](int64_t begin, int64_t end) {
      for (int64_t g = 0; g < groups_.count(); ++g) {
        T* matrix = dw.data<T>() + g * inner_ * cols_;
        std::fill_n(matrix + begin * cols_, (end - begin) * cols_, T(0));
        for (int64_t row : groups_.rows_of(g)) {
          const T* left = h.data<T>() + row * inner_;
          const T* right = dy.data<T>() + row * cols_;
          for (int64_t i = begin; i < end; ++i)
            small::add_scaled(left[i], right, matrix + i * cols_, cols_);
        }
      }
    });
  }

 private:
  template <class F>
  void each_row(const F& f) const {
    const auto* rows = groups_.rows.data<int64_t>();
    const auto* of = groups_.of.data<int64_t>();
    parallel_rows(groups_.rows.count(), inner_ * cols_, [&](int64_t begin, int64_t end) {
      for (int64_t at = begin; at < end; ++at) f(rows[at], w_ + of[rows[at]] * inner_ * cols_);
    });
  }

  const T* w_;
  int64_t inner_, cols_;
  const RowGroups& groups_;
};

}  // namespace

Var grouped_matmul(const Var& h, const Var& w, const RowGroups& groups) {
  CTR_CHECK(h.rank() == 2 && w.rank() == 3 && h.dim(1) == w.dim(1) && h.dtype() == w.dtype() &&
                groups.of.count() == h.dim(0) && groups.count() == w.dim(0),
            "grouped_matmul: h {} {}, W {} {} and {} groups of {} rows must be [B, N], [G, N, M] "
            "and G groups of B rows",
            h.dtype(), h.shape(), w.dtype(), w.shape(), groups.count(), groups.of.count());
  Tensor y({h.dim(0), w.dim(2)}, h.dtype(), h.device());
  visit_float(h.dtype(), "grouped_matmul",
              [&](auto zero) { Grouped<decltype(zero)>(w.value(), groups).forward(h.value(), y); });
  auto backward = [hv = h.value(), wv = w.value(), groups](const Tensor& dy, GradientSink& sink) {
    visit_float(dy.dtype(), "grouped_matmul", [&](auto zero) {
      const Grouped<decltype(zero)> product(wv, groups);
      if (sink.needs(0)) {
        Tensor dh(hv.shape(), hv.dtype(), hv.device());
        product.backward_rows(dy, dh);
        sink.put(0, dh);
      }
      if (sink.needs(1)) {
        Tensor dw(wv.shape(), wv.dtype(), wv.device());
        product.backward_matrices(hv, dy, dw);
        sink.put(1, dw);
      }
    });
  };
  return record("grouped_matmul", y, {h, w}, backward);
}

OpInfo op_grouped_matmul() {
  auto ids = [](std::vector<int64_t> values) {
    return Tensor::from({static_cast<int64_t>(values.size())}, values);
  };
  auto call = [](const OpArguments& a) {
    const int64_t groups = a.inputs[1].rank() == 3 ? a.inputs[1].dim(0) : 0;
    return std::vector<Var>{
        grouped_matmul(a.inputs[0], a.inputs[1], group_rows(a.constants[0], groups))};
  };
  return {.name = "grouped_matmul",
          .formula = "y_b = h_b W_g(b)",
          .inputs = {"h", "w"},
          .constants = {"groups"},
          .call = call,
          .cases = {{"an empty group", {{5, 3}, {4, 3, 2}}, {ids({2, 0, 2, 3, 0})}},
                    {"one group", {{4, 5}, {1, 5, 7}}, {ids({0, 0, 0, 0})}},
                    {"a row each", {{3, 2}, {3, 2, 9}}, {ids({1, 2, 0})}},
                    {"empty", {{0, 3}, {2, 3, 2}}, {ids({})}}},
          .refused = {{"inner sizes",
                       {{5, 3}, {4, 2, 2}},
                       {ids({2, 0, 2, 3, 0})},
                       {},
                       "grouped_matmul: h f64 [5,3], W f64 [4,2,2] and 4 groups of 5 rows"},
                      {"rows",
                       {{5, 3}, {4, 3, 2}},
                       {ids({2, 0})},
                       {},
                       "grouped_matmul: h f64 [5,3], W f64 [4,3,2] and 4 groups of 2 rows"},
                      {"group",
                       {{2, 3}, {4, 3, 2}},
                       {ids({2, 4})},
                       {},
                       "groups: row 1 is of group 4, expected one in [0, 4)"}},
          .devices = {Device::cpu}};
}

}  // namespace ctr
