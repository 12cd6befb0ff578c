// The two halves of attention, each row and head by itself: its matrices are small enough to stay
// in the cache, scores included.

#include <algorithm>

#include "engine/check.h"
#include "engine/math.h"
#include "engine/parallel.h"
#include "engine/profile.h"
#include "engine/small_gemm.h"
#include "ops/attention/attention.h"
#include "ops/registry.h"

namespace ctr {
namespace {

// Rows, length, heads and the width of one.
struct Sizes {
  int64_t batch, length, heads, width;

  int64_t tasks() const { return batch * heads; }
  int64_t work() const { return length * length * width; }
  Product scores() const { return {length, length, width, tasks(), false, true}; }
  Product mixed() const { return {length, width, length, tasks(), false, false}; }
};

// One head of one row of [B, T, A]: [T, W].
template <class T>
Matrix<const T> head_of(const Tensor& x, const Sizes& n, int64_t task) {
  const int64_t row = task / n.heads, head = task % n.heads, stride = n.heads * n.width;
  return {x.data<T>() + row * n.length * stride + head * n.width, n.length, n.width, stride};
}
template <class T>
Matrix<T> head_of(Tensor& x, const Sizes& n, int64_t task) {
  const Matrix<const T> head = head_of<T>(std::as_const(x), n, task);
  return {const_cast<T*>(head.data), head.rows, head.cols, head.stride};
}

// One [T, T] of [B, H, T, T].
template <class T>
Matrix<const T> square_of(const Tensor& p, const Sizes& n, int64_t task) {
  return {p.data<T>() + task * n.length * n.length, n.length, n.length, n.length};
}
template <class T>
Matrix<T> square_of(Tensor& p, const Sizes& n, int64_t task) {
  return {p.data<T>() + task * n.length * n.length, n.length, n.length, n.length};
}

// p = softmax of each row of factor · p. One loop over all exponentials, however short the rows.
template <class T>
void softmax_rows(const Matrix<T>& p, T factor) {
  const int64_t cols = p.cols, count = p.rows * cols;
  for (int64_t i = 0; i < p.rows; ++i) {
    T* row = p.data + i * cols;
    T largest = factor * row[0];
#pragma omp simd reduction(max : largest)
    for (int64_t j = 0; j < cols; ++j) largest = math::max_of(largest, factor * row[j]);
#pragma omp simd
    for (int64_t j = 0; j < cols; ++j) row[j] = factor * row[j] - largest;
  }
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) p.data[i] = math::exp(p.data[i]);
  for (int64_t i = 0; i < p.rows; ++i) {
    T* row = p.data + i * cols;
    T sum = T(0);
#pragma omp simd reduction(+ : sum)
    for (int64_t j = 0; j < cols; ++j) sum += row[j];
    const T share = T(1) / sum;
#pragma omp simd
    for (int64_t j = 0; j < cols; ++j) row[j] *= share;
  }
}

// ds = factor p (dp − <p, dp>), row by row.
template <class T>
void softmax_rows_backward(const Matrix<const T>& p, const Matrix<const T>& dp, T factor, T* ds) {
  const int64_t cols = p.cols;
  for (int64_t i = 0; i < p.rows; ++i) {
    const T* share = p.data + i * cols;
    const T* up = dp.data + i * cols;
    const T dot = small::dot(share, up, cols);
#pragma omp simd
    for (int64_t j = 0; j < cols; ++j) ds[i * cols + j] = factor * share[j] * (up[j] - dot);
  }
}

template <class F>
void each_head(const Sizes& n, const F& f) {
  parallel_rows(n.tasks(), n.work(), [&](int64_t begin, int64_t end) {
    for (int64_t task = begin; task < end; ++task) f(task);
  });
}

}  // namespace

Var attention_weights(const Var& q, const Var& k, int64_t heads, double scale) {
  CTR_CHECK(q.rank() == 3 && k.rank() == 3 && q.shape() == k.shape() && q.dtype() == k.dtype() &&
                heads > 0 && q.dim(2) % heads == 0 && q.dim(1) > 0,
            "attention_weights: q {} {} and k {} {} must be [batch, length, width] with a width "
            "that {} heads divide",
            q.dtype(), q.shape(), k.dtype(), k.shape(), heads);
  const Sizes n{q.dim(0), q.dim(1), heads, q.dim(2) / heads};
  Tensor p({n.batch, heads, n.length, n.length}, q.dtype(), q.device());
  visit_float(q.dtype(), "attention_weights", [&](auto zero) {
    using T = decltype(zero);
    const MeasuredProduct measured(n.scores());
    each_head(n, [&](int64_t task) {
      const Matrix<T> square = square_of<T>(p, n, task);
      small::gemm<T>(head_of<T>(q.value(), n, task), Transpose::no, head_of<T>(k.value(), n, task),
                     Transpose::yes, square);
      softmax_rows(square, static_cast<T>(scale));
    });
  });
  return record(
      "attention_weights", p, {q, k},
      [qv = q.value(), kv = k.value(), p, n, scale](const Tensor& dp, GradientSink& sink) {
        Tensor dq(qv.shape(), qv.dtype(), qv.device()), dk(kv.shape(), kv.dtype(), kv.device());
        visit_float(dp.dtype(), "attention_weights", [&](auto zero) {
          using T = decltype(zero);
          Product both = n.mixed();
          both.repeats = 2;
          const MeasuredProduct measured(both);
          each_head(n, [&](int64_t task) {
            thread_local std::vector<T> scores;
            scores.resize(std::max(scores.size(), static_cast<size_t>(n.length * n.length)));
            softmax_rows_backward(square_of<T>(p, n, task), square_of<T>(dp, n, task),
                                  static_cast<T>(scale), scores.data());
            const Matrix<const T> ds{scores.data(), n.length, n.length, n.length};
            small::gemm<T>(ds, Transpose::no, head_of<T>(kv, n, task), Transpose::no,
                           head_of<T>(dq, n, task));  // dQ = dS K
            small::gemm<T>(ds, Transpose::yes, head_of<T>(qv, n, task), Transpose::no,
                           head_of<T>(dk, n, task));  // dK = dSᵀ Q
          });
        });
        if (sink.needs(0)) sink.put(0, dq);
        if (sink.needs(1)) sink.put(1, dk);
      });
}

Var attention_mix(const Var& p, const Var& v) {
  CTR_CHECK(p.rank() == 4 && v.rank() == 3 && p.dtype() == v.dtype() && p.dim(0) == v.dim(0) &&
                p.dim(2) == v.dim(1) && p.dim(3) == v.dim(1) && p.dim(1) > 0 &&
                v.dim(2) % p.dim(1) == 0,
            "attention_mix: weights {} {} and v {} {} must be [batch, heads, length, length] and "
            "[batch, length, width] with a width that the heads divide",
            p.dtype(), p.shape(), v.dtype(), v.shape());
  const Sizes n{v.dim(0), v.dim(1), p.dim(1), v.dim(2) / p.dim(1)};
  Tensor y(v.shape(), v.dtype(), v.device());
  visit_float(v.dtype(), "attention_mix", [&](auto zero) {
    using T = decltype(zero);
    const MeasuredProduct measured(n.mixed());
    each_head(n, [&](int64_t task) {
      small::gemm<T>(square_of<T>(p.value(), n, task), Transpose::no,
                     head_of<T>(v.value(), n, task), Transpose::no, head_of<T>(y, n, task));
    });
  });
  return record("attention_mix", y, {p, v},
                [pv = p.value(), vv = v.value(), n](const Tensor& dy, GradientSink& sink) {
                  Tensor dp(pv.shape(), pv.dtype(), pv.device()),
                      dv(vv.shape(), vv.dtype(), vv.device());
                  visit_float(dy.dtype(), "attention_mix", [&](auto zero) {
                    using T = decltype(zero);
                    Product both = n.mixed();
                    both.repeats = 2;
                    const MeasuredProduct measured(both);
                    each_head(n, [&](int64_t task) {
                      const Matrix<const T> up = head_of<T>(dy, n, task);
                      small::gemm<T>(up, Transpose::no, head_of<T>(vv, n, task), Transpose::yes,
                                     square_of<T>(dp, n, task));  // dP = dY Vᵀ
                      small::gemm<T>(square_of<T>(pv, n, task), Transpose::yes, up, Transpose::no,
                                     head_of<T>(dv, n, task));  // dV = Pᵀ dY
                    });
                  });
                  if (sink.needs(0)) sink.put(0, dp);
                  if (sink.needs(1)) sink.put(1, dv);
                });
}

OpInfo op_attention_weights() {
  auto call = [](const OpArguments& a) {
    return std::vector<Var>{attention_weights(a.inputs[0], a.inputs[1],
                                              static_cast<int64_t>(a.number("heads", 1)),
                                              a.number("scale", 1))};
  };
  return {.name = "attention_weights",
          .formula = "p_h = softmax(Q_h K_h^T scale)",
          .inputs = {"q", "k"},
          .constants = {},
          .attributes = {"heads", "scale"},
          .call = call,
          .cases = {{"two heads", {{3, 5, 6}, {3, 5, 6}}, {}, {{"heads", "2"}, {"scale", "0.7"}}},
                    {"blocks and edges", {{2, 19, 10}, {2, 19, 10}}, {}, {{"scale", "0.3"}}},
                    {"one row", {{1, 2, 3}, {1, 2, 3}}},
                    {"empty", {{0, 3, 4}, {0, 3, 4}}, {}, {{"heads", "2"}}}},
          .refused = {{"heads",
                       {{2, 3, 4}, {2, 3, 4}},
                       {},
                       {{"heads", "3"}},
                       "attention_weights: q f64 [2,3,4] and k f64 [2,3,4]"},
                      {"lengths",
                       {{2, 3, 4}, {2, 2, 4}},
                       {},
                       {},
                       "attention_weights: q f64 [2,3,4] and k f64 [2,2,4]"}},
          .devices = {Device::cpu}};
}

OpInfo op_attention_mix() {
  return {.name = "attention_mix",
          .formula = "y = [P_h V_h]",
          .inputs = {"p", "v"},
          .constants = {},
          .call =
              [](const OpArguments& a) {
                return std::vector<Var>{attention_mix(a.inputs[0], a.inputs[1])};
              },
          .cases = {{"two heads", {{3, 2, 5, 5}, {3, 5, 6}}},
                    {"blocks and edges", {{2, 1, 19, 19}, {2, 19, 21}}},
                    {"one row", {{1, 1, 2, 2}, {1, 2, 3}}},
                    {"empty", {{0, 2, 3, 3}, {0, 3, 4}}}},
          .refused = {{"heads",
                       {{2, 3, 3, 3}, {2, 3, 4}},
                       {},
                       {},
                       "attention_mix: weights f64 [2,3,3,3] and v f64 [2,3,4]"},
                      {"lengths",
                       {{2, 1, 3, 3}, {2, 4, 4}},
                       {},
                       {},
                       "attention_mix: weights f64 [2,1,3,3] and v f64 [2,4,4]"}},
          .devices = {Device::cpu}};
}

}  // namespace ctr
