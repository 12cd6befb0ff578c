// The float polynomials against the C library in double, in units of the last place.

#include "engine/math.h"

#include <cmath>
#include <functional>
#include <limits>

#include <gtest/gtest.h>

namespace ctr {
namespace {

double ulps(float value, double exact) {
  float nearest = static_cast<float>(exact);
  if (std::isnan(exact)) return std::isnan(value) ? 0 : 1e9;
  if (std::isinf(nearest)) return value == nearest ? 0 : 1e9;
  int exponent = std::max(std::ilogb(nearest == 0 ? 1e-45f : nearest), -126);
  return std::fabs(static_cast<double>(value) - exact) / std::ldexp(1.0, exponent - 23);
}

double worst(float (*f)(float), double (*exact)(double), float from, float to) {
  double result = 0;
  constexpr int kSamples = 400000;
  for (int i = 0; i <= kSamples; ++i) {
    float x = from + (to - from) * (static_cast<float>(i) / kSamples);
    result = std::max(result, ulps(f(x), exact(x)));
  }
  for (int e = -120; e < 20; ++e) {  // small magnitudes too
    for (float m : {1.0f, 1.3f, -1.0f, -1.7f}) {
      float x = std::ldexp(m, e);
      if (x >= from && x <= to) result = std::max(result, ulps(f(x), exact(x)));
    }
  }
  return result;
}

TEST(Math, ExpIsExactToTwoUlp) {
  EXPECT_LE(worst(
                math::exp, [](double x) { return std::exp(x); }, -87.f, 88.7f),
            2.0);
  EXPECT_EQ(math::exp(-200.f), 0.f);
  EXPECT_EQ(math::exp(200.f), std::numeric_limits<float>::infinity());
}
TEST(Math, LogIsExactToTwoUlp) {
  EXPECT_LE(worst(
                math::log, [](double x) { return std::log(x); }, 1e-30f, 1e4f),
            2.0);
  EXPECT_LE(worst(
                math::log, [](double x) { return std::log(x); }, 0.5f, 2.f),
            2.0);
  EXPECT_EQ(math::log(0.f), -std::numeric_limits<float>::infinity());
  EXPECT_TRUE(std::isnan(math::log(-1.f)));
}
TEST(Math, Log1pIsExactToTwoUlp) {
  EXPECT_LE(worst(
                math::log1p, [](double x) { return std::log1p(x); }, -0.99f, 100.f),
            2.0);
}
TEST(Math, TanhIsExactToTwoUlp) {
  EXPECT_LE(worst(
                math::tanh, [](double x) { return std::tanh(x); }, -12.f, 12.f),
            2.0);
}
TEST(Math, ErfIsExactToTwoUlp) {
  EXPECT_LE(worst(
                math::erf, [](double x) { return std::erf(x); }, -5.f, 5.f),
            2.0);
}
TEST(Math, SigmoidIsExactToThreeUlp) {
  EXPECT_LE(worst(
                math::sigmoid, [](double x) { return 1 / (1 + std::exp(-x)); }, -80.f, 80.f),
            3.0);
}
TEST(Math, SoftplusIsExactToThreeUlp) {
  EXPECT_LE(worst(
                math::softplus,
                [](double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::fabs(x))); },
                -80.f, 80.f),
            3.0);
}
// In units of the last place of 1.
TEST(Math, SineAndCosineOfTurnsAreExactToOneUlp) {
  double sine_error = 0, cosine_error = 0;
  constexpr int kSamples = 400000;
  for (int i = 0; i <= kSamples; ++i) {
    const float t = -1.5f + 3.0f * (static_cast<float>(i) / kSamples);
    float sine = 0, cosine = 0;
    math::sin_cos_turns(t, sine, cosine);
    const long double angle = 6.28318530717958647693L * static_cast<long double>(t);
    sine_error = std::max(sine_error, std::fabs(double{sine} - double(sinl(angle))));
    cosine_error = std::max(cosine_error, std::fabs(double{cosine} - double(cosl(angle))));
  }
  EXPECT_LE(sine_error, 0x1p-23);
  EXPECT_LE(cosine_error, 0x1p-23);
  float sine = 1, cosine = 0;
  for (int quarter = 0; quarter < 4; ++quarter) {
    math::sin_cos_turns(0.25f * static_cast<float>(quarter), sine, cosine);
    EXPECT_EQ(sine, quarter == 1 ? 1 : quarter == 3 ? -1 : 0);
    EXPECT_EQ(cosine, quarter == 0 ? 1 : quarter == 2 ? -1 : 0);
    double s = 0, c = 0;
    math::sin_cos_turns(0.25 * quarter, s, c);
    EXPECT_NEAR(s, double{sine}, 1e-15);
    EXPECT_NEAR(c, double{cosine}, 1e-15);
  }
}
TEST(Math, NotANumberStaysOne) {
  float nan = std::numeric_limits<float>::quiet_NaN();
  for (auto* f :
       {static_cast<float (*)(float)>(math::exp), static_cast<float (*)(float)>(math::log),
        static_cast<float (*)(float)>(math::sigmoid),
        static_cast<float (*)(float)>(math::softplus)}) {
    EXPECT_TRUE(std::isnan(f(nan)));
  }
}

}  // namespace
}  // namespace ctr
