// Naive forward passes in double of the operators over fields and of attention by heads.

#include <cmath>

#include <gtest/gtest.h>

#include "ops/activation/log_magnitude.h"
#include "ops/attention/attention.h"
#include "ops/fields/field_mixing.h"
#include "ops/op_check.h"

namespace ctr {
namespace {

Var normal(const Shape& shape, uint64_t stream) {
  return Var(random_upstream(Tensor(shape, DType::f64), stream));
}
const double* data(const Var& x) { return x.value().data<double>(); }

TEST(InterOracle, FieldLinearMixesEachCoordinate) {
  Var v = normal({3, 2, 5}, 1), w = normal({4, 2}, 2), bias = normal({4}, 3);
  Var y = field_linear(v, w, bias);
  for (int b = 0; b < 3; ++b) {
    for (int l = 0; l < 4; ++l) {
      for (int d = 0; d < 5; ++d) {
        double sum = data(bias)[l];
        for (int f = 0; f < 2; ++f) sum += data(w)[l * 2 + f] * data(v)[(b * 2 + f) * 5 + d];
        EXPECT_NEAR(data(y)[(b * 4 + l) * 5 + d], sum, 1e-14);
      }
    }
  }
}

// More samples than a tile and a chunk hold.
TEST(InterOracle, CinSumsOverPairsOfMaps) {
  constexpr int kRows = 70, kFields = 3, kMaps = 2, kOut = 2, kWidth = 150;
  Var x0 = normal({kRows, kFields, kWidth}, 1), x = normal({kRows, kMaps, kWidth}, 2);
  Var w = normal({kOut, kFields * kMaps}, 3), bias = normal({kOut}, 4);
  Var y = cin_layer(x0, x, w, bias);
  for (int b = 0; b < kRows; b += 23) {
    for (int o = 0; o < kOut; ++o) {
      for (int d = 0; d < kWidth; ++d) {
        double sum = data(bias)[o];
        for (int h = 0; h < kFields; ++h) {
          for (int m = 0; m < kMaps; ++m)
            sum += data(w)[o * kFields * kMaps + h * kMaps + m] *
                   data(x0)[(b * kFields + h) * kWidth + d] * data(x)[(b * kMaps + m) * kWidth + d];
        }
        EXPECT_NEAR(data(y)[(b * kOut + o) * kWidth + d], sum, 1e-13);
      }
    }
  }
}

TEST(InterOracle, SymmetricPolynomialsSumOverAllSetsOfFields) {
  constexpr int kFields = 6;
  Var v = normal({2, kFields, 3}, 1);
  Var s = elementary_symmetric(v, 5);
  for (int b = 0; b < 2; ++b) {
    for (int d = 0; d < 3; ++d) {
      double sums[kFields + 1] = {};
      for (int set = 0; set < 1 << kFields; ++set) {
        double product = 1;
        for (int f = 0; f < kFields; ++f)
          product *= (set >> f & 1) != 0 ? data(v)[(b * kFields + f) * 3 + d] : 1;
        sums[__builtin_popcount(static_cast<unsigned>(set))] += product;
      }
      for (int k = 1; k <= 5; ++k) EXPECT_NEAR(data(s)[(b * 5 + k - 1) * 3 + d], sums[k], 1e-13);
    }
  }
}

TEST(InterOracle, LogMagnitudeStopsAtItsFloor) {
  const std::vector<double> in{-3, 0.5, 0.25, -0.25, 0.1, -0.1, 0};
  const std::vector<double> slope{-1 / 3.0, 2, 4, -4, 0, 0, 0};  // at the floor it still passes
  Tape tape;
  Var x = tape.variable(Tensor::from<double>({7}, in));
  Var y = log_magnitude(x, 0.25);
  const Gradients gradients = backward(
      y,
      {.upstream = Tensor::full({7}, DType::f64, 1), .retain = false, .stop_at = {}, .only = {}});
  for (size_t i = 0; i < in.size(); ++i) {
    EXPECT_NEAR(data(y)[i], std::log(std::max(std::fabs(in[i]), 0.25)), 1e-15);
    EXPECT_NEAR(gradients[x].dense().data<double>()[i], slope[i], 1e-15);
  }
}

// Lengths and widths that fill blocks of the small products and leave edges.
TEST(InterOracle, HeadsAttendWithinTheirColumns) {
  constexpr int kLength = 19, kWidth = 22, kHeads = 2, kHead = kWidth / kHeads;
  Var q = normal({2, kLength, kWidth}, 1), k = normal({2, kLength, kWidth}, 2);
  Var v = normal({2, kLength, kWidth}, 3);
  Var p = attention_weights(q, k, kHeads, 0.4);
  Var y = attention_mix(p, v);
  auto at = [](const Var& x, int b, int t, int col) {
    return data(x)[(b * kLength + t) * kWidth + col];
  };
  for (int b = 0; b < 2; ++b) {
    for (int h = 0; h < kHeads; ++h) {
      for (int t = 0; t < kLength; ++t) {
        double share[kLength], total = 0;
        for (int s = 0; s < kLength; ++s) {
          double score = 0;
          for (int j = h * kHead; j < (h + 1) * kHead; ++j)
            score += at(q, b, t, j) * at(k, b, s, j);
          total += share[s] = std::exp(0.4 * score);
        }
        for (int s = 0; s < kLength; ++s)
          EXPECT_NEAR(data(p)[((b * kHeads + h) * kLength + t) * kLength + s], share[s] / total,
                      1e-13);
        for (int j = h * kHead; j < (h + 1) * kHead; ++j) {
          double mixed = 0;
          for (int s = 0; s < kLength; ++s) mixed += share[s] / total * at(v, b, s, j);
          EXPECT_NEAR(at(y, b, t, j), mixed, 1e-13);
        }
      }
    }
  }
}

}  // namespace
}  // namespace ctr
