// Naive forward passes in double, written from the headers' formulas: multi_head_bilinear and the
// operators over sequences.

#include <cmath>

#include <gtest/gtest.h>

#include "ops/fusion/fusion.h"
#include "ops/op_check.h"
#include "ops/sequence/sequence.h"

namespace ctr {
namespace {

Var normal(const Shape& shape, uint64_t stream) {
  return Var(random_upstream(Tensor(shape, DType::f64), stream));
}
const double* data(const Var& x) { return x.value().data<double>(); }
Tensor ints(const Shape& shape, std::vector<int64_t> values) { return Tensor::from(shape, values); }

TEST(OracleStreams, BilinearFormOfEachHead) {
  constexpr int64_t kRows = 3, kHeads = 2, kN = 3, kM = 4;
  Var x = normal({kRows, kHeads * kN}, 1), y = normal({kRows, kHeads * kM}, 2);
  Var w = normal({kHeads, kN, kM}, 3);
  Var z = multi_head_bilinear(x, y, w, kHeads);
  for (int64_t b = 0; b < kRows; ++b) {
    double expected = 0;
    for (int64_t h = 0; h < kHeads; ++h) {
      for (int64_t i = 0; i < kN; ++i) {
        for (int64_t j = 0; j < kM; ++j)
          expected += data(x)[(b * kHeads + h) * kN + i] * data(w)[(h * kN + i) * kM + j] *
                      data(y)[(b * kHeads + h) * kM + j];
      }
    }
    EXPECT_NEAR(data(z)[b], expected, 1e-12);
  }
}

// Rows of 2, 0 and 3 ids at 2 places: the first is whole, the last keeps its last two, of which one
// is padding.
TEST(OracleStreams, SequencesArePaddedAndCut) {
  Var table = normal({5, 2}, 1);
  const SequenceIds of{ints({5}, {3, 1, 4, 0, 2}), ints({3}, {0, 2, 2}), 2, 0};
  Var y = gather_sequence(table, of);
  const Tensor mask = sequence_mask(of);
  const int64_t expected[] = {3, 1, -1, -1, -1, 2};
  for (int64_t i = 0; i < 6; ++i) {
    EXPECT_EQ(mask.data<int64_t>()[i], expected[i] < 0 ? 0 : 1);
    for (int64_t k = 0; k < 2; ++k)
      EXPECT_EQ(data(y)[i * 2 + k], expected[i] < 0 ? 0 : data(table)[expected[i] * 2 + k]);
  }
  EXPECT_EQ(longest_row(of.ids, of.offsets), 3);
}

TEST(OracleStreams, TargetBesideEachPlace) {
  Var q = normal({2, 3}, 1), k = normal({2, 4, 3}, 2);
  Var y = target_features(q, k);
  for (int64_t b = 0; b < 2; ++b) {
    for (int64_t t = 0; t < 4; ++t) {
      for (int64_t e = 0; e < 3; ++e) {
        const double a = data(q)[b * 3 + e], c = data(k)[(b * 4 + t) * 3 + e];
        const double* row = data(y) + (b * 4 + t) * 12;
        EXPECT_EQ(row[e], a);
        EXPECT_EQ(row[3 + e], c);
        EXPECT_EQ(row[6 + e], a - c);
        EXPECT_EQ(row[9 + e], a * c);
      }
    }
  }
}

TEST(OracleStreams, PlacesSeeWhatTheMaskKeepsAndThemselves) {
  constexpr int64_t kHeads = 2, kLength = 3;
  const Tensor mask = ints({2, kLength}, {0, 1, 1, 0, 0, 1});
  Var x = normal({2 * kHeads, kLength, kLength}, 1);
  for (bool causal : {false, true}) {
    Var y = attention_softmax(x, mask, kHeads, causal, 0.5);
    for (int64_t row = 0; row < 2 * kHeads * kLength; ++row) {
      const int64_t b = row / (kHeads * kLength), i = row % kLength;
      auto weight = [&](int64_t j) {
        const bool seen =
            (i == j || mask.data<int64_t>()[b * kLength + j] != 0) && (!causal || j <= i);
        return seen ? std::exp(0.5 * data(x)[row * kLength + j]) : 0.0;
      };
      const double sum = weight(0) + weight(1) + weight(2);
      for (int64_t j = 0; j < kLength; ++j)
        EXPECT_NEAR(data(y)[row * kLength + j], weight(j) / sum, 1e-14);
    }
  }
}

}  // namespace
}  // namespace ctr
