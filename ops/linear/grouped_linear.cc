#include "engine/check.h"
#include "engine/launch.h"
#include "ops/activation/activation.h"
#include "ops/elementwise/elementwise_bodies.h"
#include "ops/linear/linear.h"
#include "ops/linear/row_order.h"
#include "ops/registry.h"

namespace ctr {
namespace {

// Rows that stand group by group, [B, ..], and a matrix for each group, [G, ..]. Groups are
// multiplied one after another, so nothing depends on the number of threads.
template <class T>
class GroupProducts {
 public:
  explicit GroupProducts(const RowGroups& groups)
      : begin_(groups.begin.data<int64_t>()), groups_(groups.count()) {}

  // c_g = relu(a_g op(w_g) + b_g)
  void rows(const Tensor& a, const Tensor& w, Transpose tw, const Tensor& bias, bool relu,
            Tensor& c) const {
    for (int64_t g = 0; g < groups_; ++g) {
      const T* own = bias.defined() ? bias.data<T>() + g * c.dim(1) : nullptr;
      gemm(c.device(), rows_of(a.data<T>(), a, g), Transpose::no, matrix_of(w.data<T>(), w, g), tw,
           rows_of(c.data<T>(), c, g), {own, relu, false});
    }
  }

  // w_g = a_gᵀ b_g; zeros for a group without rows.
  void matrices(const Tensor& a, const Tensor& b, Tensor& w) const {
    for (int64_t g = 0; g < groups_; ++g)
      gemm(w.device(), rows_of(a.data<T>(), a, g), Transpose::yes, rows_of(b.data<T>(), b, g),
           Transpose::no, matrix_of(w.data<T>(), w, g));
  }

  // s_g = the sum of a_g's rows.
  void sums(const Tensor& a, Tensor& s) const {
    for (int64_t g = 0; g < groups_; ++g) {
      const Matrix<const T> own = rows_of(a.data<T>(), a, g);
      reduce_cols(a.device(), own.rows, own.cols,
                  ColumnSum<T>{own.data, s.data<T>() + g * own.cols, own.cols});
    }
  }

 private:
  template <class P>
  Matrix<P> rows_of(P* data, const Tensor& shape, int64_t g) const {
    const int64_t cols = shape.dim(1);
    return {data + begin_[g] * cols, begin_[g + 1] - begin_[g], cols, cols};
  }
  template <class P>
  Matrix<P> matrix_of(P* data, const Tensor& shape, int64_t g) const {
    return {data + g * shape.dim(1) * shape.dim(2), shape.dim(1), shape.dim(2), shape.dim(2)};
  }

  const int64_t* begin_;
  int64_t groups_;
};

void check(const Var& x, const Var& weight, const Var& bias, const RowGroups& groups) {
  bool fits = x.rank() == 2 && weight.rank() == 3 && x.dim(1) == weight.dim(2) &&
              x.dtype() == weight.dtype() && groups.defined() && groups.of.count() == x.dim(0) &&
              groups.count() == weight.dim(0);
  if (fits && bias.defined())
    fits = bias.shape() == Shape{weight.dim(0), weight.dim(1)} && bias.dtype() == x.dtype();
  CTR_CHECK(fits,
            "grouped_linear: x {} {}, W {} {}, b {} and {} groups of {} rows must be [B, I], "
            "[G, O, I], [G, O] and G groups of B rows",
            x.dtype(), x.shape(), weight.dtype(), weight.shape(),
            bias.defined() ? bias.shape().text() : "none", groups.defined() ? groups.count() : 0,
            groups.defined() ? groups.of.count() : 0);
}

// What the backward pass needs; x stands group by group.
struct Kept {
  Tensor x, weight, y;
  RowGroups groups;
  Activation activation;
};

void backward_of(const Kept& kept, const Tensor& dy, GradientSink& sink) {
  const Tensor& w = kept.weight;
  const Tensor dz = to_group_order(activation_backward(kept.y, dy, kept.activation), kept.groups);
  visit_float(dy.dtype(), "grouped_linear", [&](auto zero) {
    const GroupProducts<decltype(zero)> products(kept.groups);
    if (sink.needs(0)) {  // dx_b = dz_b W_g
      Tensor dx(kept.x.shape(), w.dtype(), w.device());
      products.rows(dz, w, Transpose::no, Tensor(), false, dx);
      sink.put(0, from_group_order(dx, kept.groups));
    }
    if (sink.needs(1)) {  // dW_g = Σ dz_bᵀ x_b
      Tensor dw(w.shape(), w.dtype(), w.device());
      products.matrices(dz, kept.x, dw);
      sink.put(1, dw);
    }
    if (sink.needs(2)) {
      Tensor db({w.dim(0), w.dim(1)}, w.dtype(), w.device());
      products.sums(dz, db);
      sink.put(2, db);
    }
  });
}

}  // namespace

Var grouped_linear(const Var& x, const Var& weight, const Var& bias, const RowGroups& groups,
                   Activation activation) {
  check(x, weight, bias, groups);
  if (!keeps_output(activation))  // its gradient needs what stands before it
    return activate(grouped_linear(x, weight, bias, groups), activation);
  const Tensor sorted = to_group_order(x.value(), groups);
  Tensor products({x.dim(0), weight.dim(1)}, x.dtype(), x.device());
  const bool relu = activation == Activation::relu;
  visit_float(x.dtype(), "grouped_linear", [&](auto zero) {
    GroupProducts<decltype(zero)>(groups).rows(sorted, weight.value(), Transpose::yes,
                                               bias.defined() ? bias.value() : Tensor(), relu,
                                               products);
  });
  if (!relu) apply_activation(products, activation);
  const Tensor y = from_group_order(products, groups);
  const Kept kept{sorted, weight.value(), activation == Activation::identity ? Tensor() : y, groups,
                  activation};
  return record("grouped_linear", y, {x, weight, bias},
                [kept](const Tensor& dy, GradientSink& sink) { backward_of(kept, dy, sink); });
}

OpInfo op_grouped_linear() {
  auto ids = [](std::vector<int64_t> values) {
    return Tensor::from({static_cast<int64_t>(values.size())}, values);
  };
  auto call = [](const OpArguments& a) {
    const int64_t groups = a.inputs[1].rank() == 3 ? a.inputs[1].dim(0) : 0;
    const std::string name = a.text("activation", "identity");
    CTR_CHECK(activation_called(name), "grouped_linear: there is no activation '{}'", name);
    return std::vector<Var>{
        grouped_linear(a.inputs[0], a.inputs[1], a.inputs.size() > 2 ? a.inputs[2] : Var(),
                       group_rows(a.constants[0], groups), *activation_called(name))};
  };
  const Tensor mixed = ids({2, 0, 2, 3, 0}), sorted = ids({0, 0, 1, 1, 1});
  const std::vector<Shape> four{{5, 3}, {4, 2, 3}, {4, 2}};
  return {
      .name = "grouped_linear",
      .formula = "y_b = activation(x_b W_g(b)^T + b_g(b))",
      .inputs = {"x", "w", "b?"},
      .constants = {"groups"},
      .attributes = {"activation"},
      .call = call,
      .cases = {{"an empty group", four, {mixed}},
                {"in order", {{5, 4}, {2, 3, 4}, {2, 3}}, {sorted}},
                {"no bias", {{5, 3}, {4, 2, 3}}, {mixed}},
                {"relu", four, {mixed}, {{"activation", "relu"}}},
                {"tanh, in order", {{5, 4}, {2, 3, 4}, {2, 3}}, {sorted}, {{"activation", "tanh"}}},
                {"mish", four, {mixed}, {{"activation", "mish"}}},
                {"a row each", {{3, 2}, {3, 9, 2}, {3, 9}}, {ids({1, 2, 0})}},
                {"empty", {{0, 3}, {2, 4, 3}, {2, 4}}, {ids({})}}},
      .refused = {{"inner sizes",
                   {{5, 3}, {4, 2, 2}, {4, 2}},
                   {mixed},
                   {},
                   "grouped_linear: x f64 [5,3], W f64 [4,2,2], b [4,2] and 4 groups of 5"},
                  {"bias",
                   {{5, 3}, {4, 2, 3}, {2}},
                   {mixed},
                   {},
                   "grouped_linear: x f64 [5,3], W f64 [4,2,3], b [2]"},
                  {"rows", four, {ids({2, 0})}, {}, "and 4 groups of 2 rows must be"},
                  {"group", four, {ids({0, 1, 2, 3, 4})}, {}, "groups: row 4 is of group 4"},
                  {"activation",
                   four,
                   {mixed},
                   {{"activation", "rleu"}},
                   "grouped_linear: there is no activation 'rleu'"}},
      .devices = {Device::cpu}};
}

}  // namespace ctr
