#include "engine/tensor.h"

#include <omp.h>

#include <cstring>

#include <gtest/gtest.h>

#include "engine/allocator.h"
#include "engine/error.h"
#include "engine/linalg.h"
#include "engine/reference_gemm.h"
#include "engine/rng.h"

namespace ctr {
namespace {

TEST(Tensor, ViewsShareAndClonesDoNot) {
  Tensor x = Tensor::from<float>({3, 2}, std::vector<float>{1, 2, 3, 4, 5, 6});
  Tensor row = x.rows(1, 2);
  row.data<float>()[0] = 9;
  EXPECT_EQ(x.data<float>()[2], 9);
  Tensor copy = x.clone();
  copy.data<float>()[0] = 7;
  EXPECT_EQ(x.data<float>()[0], 1);
  EXPECT_THROW(x.reshaped({5}), Error);
  EXPECT_THROW(x.data<double>(), Error);
  EXPECT_THROW(x.rows(2, 4), Error);
}

TEST(Tensor, ArenaHandsBlocksOutAgain) {
  auto arena = std::make_shared<Arena>();
  AllocatorScope scope(arena);
  for (int step = 0; step < 3; ++step) {
    Tensor a({1000, 100}, DType::f32);
    Tensor b({333}, DType::f64);
  }
  int64_t calls = arena->system_calls();
  for (int step = 0; step < 100; ++step) Tensor a({1000, 100}, DType::f32);
  EXPECT_EQ(arena->system_calls(), calls);
}

TEST(Tensor, OutlivesItsArena) {
  Tensor kept;
  {
    auto arena = std::make_shared<Arena>();
    AllocatorScope scope(arena);
    kept = Tensor::full({50, 50}, DType::f32, 3);
  }
  EXPECT_EQ(kept.data<float>()[2499], 3);
}

// Known answers of Random123's kat_vectors.
TEST(Philox, MatchesThePublishedVectors) {
  PhiloxBlock zero = philox({{0, 0, 0, 0}}, 0, 0);
  EXPECT_EQ(zero.word[0], 0x6627e8d5u);
  EXPECT_EQ(zero.word[3], 0x9b00dbd8u);
  PhiloxBlock ones = philox({{~0u, ~0u, ~0u, ~0u}}, ~0u, ~0u);
  EXPECT_EQ(ones.word[0], 0x408f276du);
  EXPECT_EQ(ones.word[3], 0x6d5451fdu);
}

TEST(Philox, NormalNumbersHaveTheirMoments) {
  RandomStream random{1, 2, 3};
  double sum = 0, squares = 0;
  constexpr int kCount = 100000;
  for (int i = 0; i < kCount; ++i) {
    double x = random.normal(static_cast<uint64_t>(i));
    sum += x;
    squares += x * x;
  }
  EXPECT_NEAR(sum / kCount, 0, 0.015);
  EXPECT_NEAR(squares / kCount, 1, 0.02);
}

class Gemm : public testing::TestWithParam<std::tuple<int, int, int, bool, bool>> {};

TEST_P(Gemm, AgreesWithTheTextbookAndIgnoresTheThreadCount) {
  auto [m, n, k, ta, tb] = GetParam();
  RandomStream random{4, 5, 0};
  auto filled = [&](int64_t rows, int64_t cols, uint64_t at) {
    Tensor t({rows, cols}, DType::f32);
    for (int64_t i = 0; i < t.count(); ++i)
      t.data<float>()[i] = static_cast<float>(random.normal(at + static_cast<uint64_t>(i)));
    return t;
  };
  Tensor a = ta ? filled(k, m, 0) : filled(m, k, 0);
  Tensor b = tb ? filled(n, k, 1 << 20) : filled(k, n, 1 << 20);
  Tensor bias = filled(1, n, 1 << 21);
  auto view = [](const Tensor& t) {
    return Matrix<const float>{t.data<float>(), t.dim(0), t.dim(1), t.dim(1)};
  };
  auto t = [](bool yes) { return yes ? Transpose::yes : Transpose::no; };
  Epilogue<float> epilogue{bias.data<float>(), true};
  std::vector<Tensor> results;
  for (int threads : {1, 2, 3}) {
    omp_set_num_threads(threads);
    Tensor c({m, n}, DType::f32);
    gemm(Device::cpu, view(a), t(ta), view(b), t(tb), {c.data<float>(), m, n, n}, epilogue);
    results.push_back(c);
  }
  omp_set_num_threads(omp_get_num_procs());
  Tensor expected({m, n}, DType::f32);
  reference::gemm<float>(view(a), t(ta), view(b), t(tb), {expected.data<float>(), m, n, n},
                         epilogue);
  for (int64_t i = 0; i < expected.count(); ++i) {
    ASSERT_NEAR(results[0].data<float>()[i], expected.data<float>()[i], 1e-3);
  }
  for (const Tensor& other : results) {
    EXPECT_EQ(std::memcmp(results[0].raw(), other.raw(), static_cast<size_t>(other.bytes())), 0);
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, Gemm,
                         testing::Combine(testing::Values(1, 33, 400), testing::Values(1, 130),
                                          testing::Values(1, 257), testing::Bool(),
                                          testing::Bool()));

TEST(GemmErrors, NameTheShapes) {
  float x[6] = {};
  try {
    gemm(Device::cpu, Matrix<const float>{x, 2, 3, 3}, Transpose::no,
         Matrix<const float>{x, 2, 3, 3}, Transpose::no, Matrix<float>{x, 2, 3, 3});
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "gemm: [2,3] x [2,3] does not fit [2,3]");
  }
}

}  // namespace
}  // namespace ctr
