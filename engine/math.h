#pragma once
// Elementary functions for kernel bodies, on host and device: float by branch-free polynomials (at
// most 2 units in the last place, tests/engine/math_test.cc) so that loops vectorise, double by the
// C library (the reference).

#include <cmath>
#include <cstdint>

#include "engine/hd.h"
#include "engine/math_float.h"

namespace ctr::math {

template <class T>
inline constexpr T kInfinity = static_cast<T>(__builtin_inf());

CTR_HD inline double exp(double x) { return ::exp(x); }
CTR_HD inline double log(double x) { return ::log(x); }
CTR_HD inline double log1p(double x) { return ::log1p(x); }
CTR_HD inline double tanh(double x) { return ::tanh(x); }
CTR_HD inline double erf(double x) { return ::erf(x); }

// 1 / (1 + e^-x), without overflow.
CTR_HD inline double sigmoid(double x) {
  double e = ::exp(-::fabs(x));
  return (x < 0 ? e : 1.0) / (1.0 + e);
}

// log(1 + e^x), without overflow.
CTR_HD inline double softplus(double x) { return (x > 0 ? x : 0.0) + ::log1p(::exp(-::fabs(x))); }

// sin(2πt) and cos(2πt).
CTR_HD inline void sin_cos_turns(double t, double& sine, double& cosine) {
  constexpr double kTurn = 6.283185307179586;
  sine = ::sin(kTurn * t);
  cosine = ::cos(kTurn * t);
}

CTR_HD inline float sqrt(float x) { return ::sqrtf(x); }
CTR_HD inline double sqrt(double x) { return ::sqrt(x); }

template <class T>
CTR_HD inline T max_of(T a, T b) {
  return a < b ? b : a;
}
template <class T>
CTR_HD inline T min_of(T a, T b) {
  return b < a ? b : a;
}

}  // namespace ctr::math
