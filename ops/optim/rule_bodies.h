#pragma once
// Update rules. A rule changes one weight w, given its gradient g and its kState numbers of state,
// s[0], s[stride], …; the bodies below run it over whole matrices or over touched rows.

#include "engine/kernel.h"
#include "engine/math.h"
#include "engine/prefetch.h"

namespace ctr {

// w ← w − η g
template <class T>
struct SgdRule {
  static constexpr const char* kName = "sgd";
  static constexpr int kState = 0;
  T rate;
  CTR_HD void operator()(T g, T& w, T*, int64_t) const { w -= rate * g; }
};

// b ← μ b + g; w ← w − η b (PyTorch's SGD with momentum, no dampening)
template <class T>
struct MomentumRule {
  static constexpr const char* kName = "momentum";
  static constexpr int kState = 1;
  T rate, momentum;
  CTR_HD T sum(T g, T b) const { return momentum * b + g; }
  CTR_HD void operator()(T g, T& w, T* b, int64_t) const {
    b[0] = sum(g, b[0]);
    w -= rate * b[0];
  }
};

// m ← β1 m + (1 − β1) g; v ← β2 v + (1 − β2) g²; w ← keep w − rate m / (correction √v + ε).
// Kingma and Ba, ICLR 2015: rate = η/(1 − β1^t), correction = 1/√(1 − β2^t) in Algorithm 1, or
// rate = η √(1 − β2^t)/(1 − β1^t), correction = 1 in the form at the end of their section 2 (ε̂).
// keep = 1 − η λ is AdamW's decay (Loshchilov and Hutter, ICLR 2019), 1 in Adam.
template <class T>
struct AdamRule {
  static constexpr const char* kName = "adam";
  static constexpr int kState = 2;
  T beta1, beta2, rate, correction, epsilon, keep;
  CTR_HD T mean(T g, T m) const { return beta1 * m + (T(1) - beta1) * g; }
  CTR_HD T square(T g, T v) const { return beta2 * v + (T(1) - beta2) * g * g; }
  CTR_HD void operator()(T g, T& w, T* m, int64_t stride) const {
    T& v = m[stride];
    m[0] = mean(g, m[0]);
    v = square(g, v);
    w = keep * w - rate * m[0] / (math::sqrt(v) * correction + epsilon);
  }
};

// a ← a + g²; w ← w − η g / (√a + ε) (Duchi et al., JMLR 2011)
template <class T>
struct AdagradRule {
  static constexpr const char* kName = "adagrad";
  static constexpr int kState = 1;
  T rate, epsilon;
  CTR_HD void operator()(T g, T& w, T* a, int64_t) const {
    a[0] += g * g;
    w -= rate * g / (math::sqrt(a[0]) + epsilon);
  }
};

// a ← α a + (1 − α) g²; w ← w − η g / (√a + ε) (Tieleman and Hinton 2012; PyTorch's defaults)
template <class T>
struct RmspropRule {
  static constexpr const char* kName = "rmsprop";
  static constexpr int kState = 1;
  T rate, alpha, epsilon;
  CTR_HD T square(T g, T a) const { return alpha * a + (T(1) - alpha) * g * g; }
  CTR_HD void operator()(T g, T& w, T* a, int64_t) const {
    a[0] = square(g, a[0]);
    w -= rate * g / (math::sqrt(a[0]) + epsilon);
  }
};

// FTRL-Proximal (McMahan et al., KDD 2013, Algorithm 1), η for its α:
//   σ = (√(n + g²) − √n)/η; z ← z + g − σ w; n ← n + g²;
//   w ← 0 where |z| ≤ λ1, else −(z − sgn(z) λ1) / ((β + √n)/η + λ2)
template <class T>
struct FtrlRule {
  static constexpr const char* kName = "ftrl";
  static constexpr int kState = 2;
  T rate, beta, l1, l2;
  CTR_HD void operator()(T g, T& w, T* z, int64_t stride) const {
    T& n = z[stride];
    const T before = math::sqrt(n);
    n += g * g;
    const T after = math::sqrt(n);
    z[0] += g - (after - before) / rate * w;
    const T size = z[0] < T(0) ? -z[0] : z[0];
    const T moved = (size - l1) / ((beta + after) / rate + l2);
    w = size <= l1 ? T(0) : z[0] < T(0) ? moved : -moved;
  }
};

// Every row of weight [rows, width]; state [rows, kState, width].
template <class Rule, class T>
struct DenseUpdate {
  static constexpr const char* kName = Rule::kName;
  const T* gradient;
  T* weight;
  T* state;
  int64_t width;
  Rule rule;
  CTR_HD void operator()(int64_t row, int64_t k) const {
    rule(gradient[row * width + k], weight[row * width + k], state + row * Rule::kState * width + k,
         width);
  }
};

// The rows `ids` of it, each once; gradient [count of ids, width].
template <class Rule, class T>
struct RowUpdate {
  static constexpr const char* kName = Rule::kName;
  const int64_t* ids;
  const T* gradient;
  T* weight;
  T* state;
  int64_t width;
  Rule rule;
  CTR_HD void operator()(int64_t row, int64_t k) const {
    rule(gradient[row * width + k], weight[ids[row] * width + k],
         state + ids[row] * Rule::kState * width + k, width);
  }
  int64_t ahead() const { return 8; }
  void prefetch(int64_t row) const {
    prefetch_lines(weight + ids[row] * width, width);
    prefetch_lines(state + ids[row] * Rule::kState * width, Rule::kState * width);
  }
};

template <class T>
using DenseSgd = DenseUpdate<SgdRule<T>, T>;
template <class T>
using DenseMomentum = DenseUpdate<MomentumRule<T>, T>;
template <class T>
using DenseAdam = DenseUpdate<AdamRule<T>, T>;
template <class T>
using DenseAdagrad = DenseUpdate<AdagradRule<T>, T>;
template <class T>
using DenseRmsprop = DenseUpdate<RmspropRule<T>, T>;
template <class T>
using DenseFtrl = DenseUpdate<FtrlRule<T>, T>;
CTR_KERNEL(for_each_2d, DenseSgd);
CTR_KERNEL(for_each_2d, DenseMomentum);
CTR_KERNEL(for_each_2d, DenseAdam);
CTR_KERNEL(for_each_2d, DenseAdagrad);
CTR_KERNEL(for_each_2d, DenseRmsprop);
CTR_KERNEL(for_each_2d, DenseFtrl);

template <class T>
using RowSgd = RowUpdate<SgdRule<T>, T>;
template <class T>
using RowMomentum = RowUpdate<MomentumRule<T>, T>;
template <class T>
using RowAdam = RowUpdate<AdamRule<T>, T>;
template <class T>
using RowAdagrad = RowUpdate<AdagradRule<T>, T>;
template <class T>
using RowRmsprop = RowUpdate<RmspropRule<T>, T>;
template <class T>
using RowFtrl = RowUpdate<FtrlRule<T>, T>;
CTR_KERNEL(for_each_2d, RowSgd);
CTR_KERNEL(for_each_2d, RowMomentum);
CTR_KERNEL(for_each_2d, RowAdam);
CTR_KERNEL(for_each_2d, RowAdagrad);
CTR_KERNEL(for_each_2d, RowRmsprop);
CTR_KERNEL(for_each_2d, RowFtrl);

// Adagrad with one number per row: a ← a + mean_k g_k²; w ← w − η g / (√a + ε). `ids` null: every
// row. (FBGEMM's EXACT_ROWWISE_ADAGRAD; Mudigere et al., ISCA 2022, section 4.1.4.)
template <class T>
struct RowwiseAdagrad {
  static constexpr const char* kName = "rowwise-adagrad";
  using Value = T;
  const int64_t* ids;
  const T* gradient;
  T* weight;
  T* state;  // [rows]
  int64_t width;
  T rate, epsilon;
  CTR_HD T identity() const { return T(0); }
  CTR_HD T load(int64_t row, int64_t k) const {
    const T g = gradient[row * width + k];
    return g * g;
  }
  CTR_HD T combine(T left, T right) const { return left + right; }
  CTR_HD void store(int64_t row, T sum) const {
    const int64_t id = ids == nullptr ? row : ids[row];
    state[id] += sum / static_cast<T>(width);
    const T step = rate / (math::sqrt(state[id]) + epsilon);
    for (int64_t k = 0; k < width; ++k) weight[id * width + k] -= step * gradient[row * width + k];
  }
};
CTR_KERNEL(reduce_rows, RowwiseAdagrad);

}  // namespace ctr
