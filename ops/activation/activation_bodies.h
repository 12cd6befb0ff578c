#pragma once
// Functions of one element. A curve holds its name, whether its gradient is a function of the
// output (else of the input), the value and the gradient dx = dy f'. y and dx may be the same
// memory as their inputs.

#include "engine/kernel.h"
#include "engine/math.h"

namespace ctr {

struct ReluCurve {
  static constexpr const char* kName = "relu";
  static constexpr bool kOfOutput = true;
  template <class T>
  CTR_HD static T value(T x) {
    return x > T(0) ? x : T(0);
  }
  template <class T>
  CTR_HD static T backward(T y, T dy) {
    return y > T(0) ? dy : T(0);
  }
};

struct SigmoidCurve {
  static constexpr const char* kName = "sigmoid";
  static constexpr bool kOfOutput = true;
  template <class T>
  CTR_HD static T value(T x) {
    return math::sigmoid(x);
  }
  template <class T>
  CTR_HD static T backward(T y, T dy) {
    return dy * (y * (T(1) - y));
  }
};

struct TanhCurve {
  static constexpr const char* kName = "tanh";
  static constexpr bool kOfOutput = true;
  template <class T>
  CTR_HD static T value(T x) {
    return math::tanh(x);
  }
  template <class T>
  CTR_HD static T backward(T y, T dy) {
    return dy * (T(1) - y * y);
  }
};

struct LeakyReluCurve {
  static constexpr const char* kName = "leaky_relu";
  static constexpr bool kOfOutput = true;  // y has the sign of x
  template <class T>
  CTR_HD static T value(T x) {
    return x > T(0) ? x : T(0.01) * x;
  }
  template <class T>
  CTR_HD static T backward(T y, T dy) {
    return y > T(0) ? dy : T(0.01) * dy;
  }
};

struct SoftplusCurve {
  static constexpr const char* kName = "softplus";
  static constexpr bool kOfOutput = false;
  template <class T>
  CTR_HD static T value(T x) {
    return math::softplus(x);
  }
  template <class T>
  CTR_HD static T backward(T x, T dy) {
    return dy * math::sigmoid(x);
  }
};

struct GeluCurve {
  static constexpr const char* kName = "gelu";
  static constexpr bool kOfOutput = false;
  template <class T>
  CTR_HD static T distribution(T x) {  // Φ(x)
    return T(0.5) * (T(1) + math::erf(x * T(0.70710678118654752440)));
  }
  template <class T>
  CTR_HD static T value(T x) {
    return x * distribution(x);
  }
  template <class T>
  CTR_HD static T backward(T x, T dy) {  // Φ(x) + x φ(x)
    return dy * (distribution(x) + x * (T(0.39894228040143267794) * math::exp(T(-0.5) * x * x)));
  }
};

struct GeluTanhCurve {
  static constexpr const char* kName = "gelu_tanh";
  static constexpr bool kOfOutput = false;
  template <class T>
  CTR_HD static T inner(T x) {
    return math::tanh(T(0.79788456080286535588) * (x + T(0.044715) * x * x * x));
  }
  template <class T>
  CTR_HD static T value(T x) {
    return T(0.5) * x * (T(1) + inner(x));
  }
  template <class T>
  CTR_HD static T backward(T x, T dy) {
    const T t = inner(x);
    const T slope = T(0.79788456080286535588) * (T(1) + T(0.134145) * x * x);
    return dy * (T(0.5) * (T(1) + t) + T(0.5) * x * (T(1) - t * t) * slope);
  }
};

// With e = e^x and n = e² + 2 e: tanh(log(1 + e)) = n / (n + 2), one exponential and one division.
struct MishCurve {
  static constexpr const char* kName = "mish";
  static constexpr bool kOfOutput = false;
  template <class T>
  CTR_HD static T exponential(T x) {  // beyond 20 the quotient is 1
    return math::exp(math::min_of(x, T(20)));
  }
  template <class T>
  CTR_HD static T value(T x) {
    const T e = exponential(x);
    const T n = e * (e + T(2));
    return x * (n / (n + T(2)));
  }
  template <class T>
  CTR_HD static T backward(T x, T dy) {  // t + x (1 − t²) σ(x)
    const T e = exponential(x);
    const T n = e * (e + T(2));
    const T inverse = T(1) / (n + T(2));
    return dy * (n * inverse + x * (T(4) * e * (e + T(1)) * inverse * inverse));
  }
};

struct ExpCurve {
  static constexpr const char* kName = "exp";
  static constexpr bool kOfOutput = true;
  template <class T>
  CTR_HD static T value(T x) {
    return math::exp(x);
  }
  template <class T>
  CTR_HD static T backward(T y, T dy) {
    return dy * y;
  }
};

struct LogCurve {
  static constexpr const char* kName = "log";
  static constexpr bool kOfOutput = false;
  template <class T>
  CTR_HD static T value(T x) {
    return math::log(x);
  }
  template <class T>
  CTR_HD static T backward(T x, T dy) {
    return dy / x;
  }
};

struct Log1pAbsCurve {
  static constexpr const char* kName = "log1p_abs";
  static constexpr bool kOfOutput = false;
  template <class T>
  CTR_HD static T value(T x) {
    return math::log1p(x < T(0) ? -x : x);
  }
  template <class T>
  CTR_HD static T backward(T x, T dy) {
    const T slope = dy / (T(1) + (x < T(0) ? -x : x));
    return x > T(0) ? slope : x < T(0) ? -slope : T(0);
  }
};

template <class T, class Curve>
struct CurveForward {
  static constexpr const char* kName = Curve::kName;
  const T* x;
  T* y;
  CTR_HD void operator()(int64_t i) const { y[i] = Curve::value(x[i]); }
};

template <class T, class Curve>
struct CurveBackward {
  static constexpr const char* kName = Curve::kName;
  const T* kept;
  const T* dy;
  T* dx;
  CTR_HD void operator()(int64_t i) const { dx[i] = Curve::backward(kept[i], dy[i]); }
};

// The same for dx [rows, cols], with the sums of its columns: the gradient of a bias before the
// activation, in one pass.
template <class T, class Curve>
struct CurveBackwardSum {
  static constexpr const char* kName = Curve::kName;
  using Value = T;
  const T* kept;
  const T* dy;
  T* dx;
  T* sum;
  int64_t cols;
  CTR_HD T identity() const { return T(0); }
  CTR_HD T load(int64_t row, int64_t col) const {
    const int64_t i = row * cols + col;
    return dx[i] = Curve::backward(kept[i], dy[i]);
  }
  CTR_HD T combine(T left, T right) const { return left + right; }
  CTR_HD void store(int64_t col, T value) const { sum[col] = value; }
};

template <class T>
using ReluForward = CurveForward<T, ReluCurve>;
template <class T>
using ReluBackward = CurveBackward<T, ReluCurve>;
template <class T>
using SigmoidForward = CurveForward<T, SigmoidCurve>;
template <class T>
using SigmoidBackward = CurveBackward<T, SigmoidCurve>;
template <class T>
using TanhForward = CurveForward<T, TanhCurve>;
template <class T>
using TanhBackward = CurveBackward<T, TanhCurve>;
template <class T>
using LeakyReluForward = CurveForward<T, LeakyReluCurve>;
template <class T>
using LeakyReluBackward = CurveBackward<T, LeakyReluCurve>;
template <class T>
using SoftplusForward = CurveForward<T, SoftplusCurve>;
template <class T>
using SoftplusBackward = CurveBackward<T, SoftplusCurve>;
template <class T>
using GeluForward = CurveForward<T, GeluCurve>;
template <class T>
using GeluBackward = CurveBackward<T, GeluCurve>;
template <class T>
using GeluTanhForward = CurveForward<T, GeluTanhCurve>;
template <class T>
using GeluTanhBackward = CurveBackward<T, GeluTanhCurve>;
template <class T>
using MishForward = CurveForward<T, MishCurve>;
template <class T>
using MishBackward = CurveBackward<T, MishCurve>;
template <class T>
using ExpForward = CurveForward<T, ExpCurve>;
template <class T>
using ExpBackward = CurveBackward<T, ExpCurve>;
template <class T>
using LogForward = CurveForward<T, LogCurve>;
template <class T>
using LogBackward = CurveBackward<T, LogCurve>;
template <class T>
using Log1pAbsForward = CurveForward<T, Log1pAbsCurve>;
template <class T>
using Log1pAbsBackward = CurveBackward<T, Log1pAbsCurve>;
template <class T>
using ReluBackwardSum = CurveBackwardSum<T, ReluCurve>;
template <class T>
using SigmoidBackwardSum = CurveBackwardSum<T, SigmoidCurve>;
template <class T>
using TanhBackwardSum = CurveBackwardSum<T, TanhCurve>;
template <class T>
using LeakyReluBackwardSum = CurveBackwardSum<T, LeakyReluCurve>;
template <class T>
using ExpBackwardSum = CurveBackwardSum<T, ExpCurve>;
CTR_KERNEL(for_each, ReluForward);
CTR_KERNEL(for_each, ReluBackward);
CTR_KERNEL(for_each, SigmoidForward);
CTR_KERNEL(for_each, SigmoidBackward);
CTR_KERNEL(for_each, TanhForward);
CTR_KERNEL(for_each, TanhBackward);
CTR_KERNEL(for_each, LeakyReluForward);
CTR_KERNEL(for_each, LeakyReluBackward);
CTR_KERNEL(for_each, SoftplusForward);
CTR_KERNEL(for_each, SoftplusBackward);
CTR_KERNEL(for_each, GeluForward);
CTR_KERNEL(for_each, GeluBackward);
CTR_KERNEL(for_each, GeluTanhForward);
CTR_KERNEL(for_each, GeluTanhBackward);
CTR_KERNEL(for_each, MishForward);
CTR_KERNEL(for_each, MishBackward);
CTR_KERNEL(for_each, ExpForward);
CTR_KERNEL(for_each, ExpBackward);
CTR_KERNEL(for_each, LogForward);
CTR_KERNEL(for_each, LogBackward);
CTR_KERNEL(for_each, Log1pAbsForward);
CTR_KERNEL(for_each, Log1pAbsBackward);
CTR_KERNEL(reduce_cols, ReluBackwardSum);
CTR_KERNEL(reduce_cols, SigmoidBackwardSum);
CTR_KERNEL(reduce_cols, TanhBackwardSum);
CTR_KERNEL(reduce_cols, LeakyReluBackwardSum);
CTR_KERNEL(reduce_cols, ExpBackwardSum);

// y[row, c] = x above 0, alpha[c] x elsewhere; shared: one alpha for all c.
template <class T>
struct PreluForward {
  static constexpr const char* kName = "prelu";
  const T* x;
  const T* alpha;
  T* y;
  int64_t cols;
  bool shared;
  CTR_HD void operator()(int64_t row, int64_t c) const {
    const T value = x[row * cols + c];
    y[row * cols + c] = value > T(0) ? value : alpha[shared ? 0 : c] * value;
  }
};
CTR_KERNEL(for_each_2d, PreluForward);

template <class T>
struct PreluBackward {
  static constexpr const char* kName = "prelu backward x";
  const T* x;
  const T* alpha;
  const T* dy;
  T* dx;
  int64_t cols;
  bool shared;
  CTR_HD void operator()(int64_t row, int64_t c) const {
    const int64_t i = row * cols + c;
    dx[i] = x[i] > T(0) ? dy[i] : alpha[shared ? 0 : c] * dy[i];
  }
};
CTR_KERNEL(for_each_2d, PreluBackward);

// Σ_rows dy x where x ≤ 0
template <class T>
struct PreluBackwardAlpha {
  static constexpr const char* kName = "prelu backward alpha";
  using Value = T;
  const T* x;
  const T* dy;
  T* dalpha;
  int64_t cols;
  CTR_HD T identity() const { return T(0); }
  CTR_HD T load(int64_t row, int64_t c) const {
    const int64_t i = row * cols + c;
    return x[i] > T(0) ? T(0) : dy[i] * x[i];
  }
  CTR_HD T combine(T left, T right) const { return left + right; }
  CTR_HD void store(int64_t c, T value) const { dalpha[c] = value; }
};
CTR_KERNEL(reduce_cols, PreluBackwardAlpha);

}  // namespace ctr
