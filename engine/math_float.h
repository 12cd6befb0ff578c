#pragma once
// Single-precision elementary functions without branches or calls, so that loops over them
// vectorise. Reduced-range polynomials are least-squares fits in the Chebyshev sense; constants are
// rounded to float. Include engine/math.h.

#include <cstdint>

#include "engine/hd.h"
namespace ctr::math {
namespace detail {

CTR_HD inline int32_t to_bits(float x) { return __builtin_bit_cast(int32_t, x); }

CTR_HD inline float from_bits(int32_t bits) { return __builtin_bit_cast(float, bits); }

// c ? a : b without a branch.
CTR_HD inline float select(bool c, float a, float b) {
  const int32_t m = -static_cast<int32_t>(c);
  return from_bits((to_bits(a) & m) | (to_bits(b) & ~m));
}

CTR_HD inline int32_t select(bool c, int32_t a, int32_t b) {
  const int32_t m = -static_cast<int32_t>(c);
  return (a & m) | (b & ~m);
}

CTR_HD inline int32_t shl23(int32_t e) {
  return static_cast<int32_t>(static_cast<uint32_t>(e) << 23);
}

CTR_HD inline int32_t addw(int32_t a, int32_t b) {
  return static_cast<int32_t>(static_cast<uint32_t>(a) + static_cast<uint32_t>(b));
}

inline constexpr float kLn2Hi = 0.693145751953125f;
inline constexpr float kLn2Lo = 1.42860677e-6f;

// exp(x) / 2^n for n = round(x / ln 2).
CTR_HD inline float exp_reduced(float x, int32_t& n) {
  const float kRound = 12582912.0f;
  const float shifted = x * 1.44269504f + kRound;
  const float nf = shifted - kRound;
  n = addw(to_bits(shifted), -0x4b400000);
  const float hi = x - nf * kLn2Hi;
  const float lo = nf * kLn2Lo;
  const float r = hi - lo;
  const float r2 = r * r;
  const float q = (0.499999911f + 0.166665211f * r) +
                  r2 * ((0.0416689627f + 0.00836867467f * r) + r2 * 0.00137825042f);
  return 1.0f + (hi + (r2 * q - lo));
}

CTR_HD inline float exp_clamped(float x) {
  int32_t n;
  const float p = exp_reduced(x, n);
  const int32_t half = n >> 1;
  return p * from_bits(shl23(addw(half, 127))) * from_bits(shl23(addw(n - half, 127)));
}

// log(1 + f) - jf ln 2 for 1 + f in [3/4, 3/2).
CTR_HD inline float log1p_reduced(float f, float jf) {
  const float f2 = f * f;
  const float p0 = (0.333334506f - 0.250000983f * f) + f2 * (0.199908063f - 0.166471645f * f);
  const float p1 = (0.144788206f - 0.131629854f * f) + f2 * (0.104645304f - 0.0450736098f * f);
  const float p = p0 + (f2 * f2) * p1;
  const float tail = f2 * 0.5f - ((f * f2) * p - jf * kLn2Lo);
  return (f - tail) - jf * kLn2Hi;
}

CTR_HD inline float log1p_in_range(float x) {
  const int32_t j = addw(0x3f400000 + 0x007fffff, -to_bits(1.0f + x)) >> 23;
  const int32_t js = detail::select(j < -127, -127, j);
  const float f = from_bits(addw(to_bits(x), shl23(j))) + (from_bits(shl23(js + 127)) - 1.0f);
  return log1p_reduced(f, static_cast<float>(j));
}
}  // namespace detail

CTR_HD inline float exp(float x) {
  x = detail::select(x < -104.0f, -104.0f, x);
  x = detail::select(x > 89.0f, 89.0f, x);
  return detail::exp_clamped(x);
}

CTR_HD inline float log(float x) {
  const bool small = x < 1.17549435e-38f;
  const float scaled = x * 8388608.0f;
  const int32_t u = detail::to_bits(detail::select(small, scaled, x));
  const int32_t j = detail::addw(0x3f400000 + 0x007fffff, -u) >> 23;
  const float f = detail::from_bits(detail::addw(u, detail::shl23(j))) - 1.0f;
  const int32_t js = detail::select(small, j + 23, j);
  float r = detail::log1p_reduced(f, static_cast<float>(js));
  r = detail::select(x < __builtin_inff(), r, x);
  r = detail::select(x < 0, __builtin_nanf(""), r);
  r = detail::select(x == 0, -__builtin_inff(), r);
  return r;
}

CTR_HD inline float log1p(float x) {
  float r = detail::log1p_in_range(x);
  r = detail::select(x < __builtin_inff(), r, x);
  r = detail::select(x < -1, __builtin_nanf(""), r);
  r = detail::select(x == -1, -__builtin_inff(), r);
  return r;
}

CTR_HD inline float tanh(float x) {
  const float a = __builtin_fabsf(x);
  const float z = x * x;
  float p = -0.00626335898f;
  p = p * z + 0.0210630037f;
  p = p * z - 0.0538498610f;
  p = p * z + 0.133325577f;
  p = p * z - 0.333333164f;
  const float small = x + x * (z * p);
  int32_t n;
  const float a2 = a + a;
  const float y = detail::exp_reduced(detail::select(a2 > 20.0f, 20.0f, a2), n);
  const float e = y * detail::from_bits(detail::shl23(detail::addw(n, 127)));
  const float large = __builtin_copysignf(1.0f - 2.0f / (e + 1.0f), x);
  return detail::select(a < 0.55f, small, large);
}

CTR_HD inline float erf(float x) {
  const float a = __builtin_fabsf(x);
  const float z = x * x;
  float p = 7.84617297e-5f;
  p = p * z - 8.00788926e-4f;
  p = p * z + 0.00518807443f;
  p = p * z - 0.0268536918f;
  p = p * z + 0.112835832f;
  p = p * z - 0.376126260f;
  p = p * z + 0.128379166f;
  const float small = x + x * p;
  const float t = (detail::select(a > 4.0f, 4.0f, a)) - 1.0f;
  float u = -2.49941222e-5f;
  u = u * t + 2.17130000e-5f;
  u = u * t + 0.00132845331f;
  u = u * t - 0.00549260853f;
  u = u * t - 0.00372844073f;
  u = u * t + 0.0508098751f;
  u = u * t + 0.00432422664f;
  u = u * t - 0.415485412f;
  u = u * t + 0.629769504f;
  u = u * u;
  const float large = __builtin_copysignf(1.0f - u * u, x);
  return detail::select(a < 1.0f, small, large);
}

// sin(2πt) and cos(2πt) for |t| ≤ 2^20.
CTR_HD inline void sin_cos_turns(float t, float& sine, float& cosine) {
  const float kRound = 12582912.0f;
  const float shifted = 4 * t + kRound;  // the nearest quarter
  const int32_t quarter = detail::to_bits(shifted);
  const float r = t - 0.25f * (shifted - kRound);
  const float z = r * r;
  const float p = -41.341671f + z * (81.5937653f - z * 75.4456024f);
  const float s = r * 6.28318548f + (r * -1.7484556e-07f + r * z * p);
  const float c =
      1.0f + z * (-19.7392082f + z * (64.9393234f + z * (-85.4432373f + z * 59.2292442f)));
  const bool odd = (quarter & 1) != 0;
  const float sine_size = detail::select(odd, c, s);
  const float cosine_size = detail::select(odd, s, c);
  sine = detail::select((quarter & 2) != 0, -sine_size, sine_size);
  cosine = detail::select(((quarter + 1) & 2) != 0, -cosine_size, cosine_size);
}

CTR_HD inline float sigmoid(float x) {
  const float a = -__builtin_fabsf(x);
  const float e = detail::exp_clamped(detail::select(a < -104.0f, -104.0f, a));
  const float num = detail::select(x < 0, e, 1.0f);
  return num / (1.0f + e);
}

CTR_HD inline float softplus(float x) {
  const float a = -__builtin_fabsf(x);
  const float e = detail::exp_clamped(detail::select(a < -104.0f, -104.0f, a));
  const bool fold = e >= 0.5f;
  const float f = detail::select(fold, 0.5f * e - 0.5f, e);
  const float l = detail::log1p_reduced(f, detail::select(fold, -1.0f, 0.0f));
  return (detail::select(0.0f > x, 0.0f, x)) + l;
}
}  // namespace ctr::math
