// Products by group against sums in double, at group sizes that take each way through them.

#include "engine/grouped_gemm.h"

#include <omp.h>

#include <cmath>
#include <cstring>

#include <gtest/gtest.h>

#include "engine/parallel.h"
#include "engine/rng.h"
#include "engine/tensor.h"

namespace ctr {
namespace {

constexpr int64_t kSizes[] = {0, 1,    3, 300,
                              0, 1500, 7};  // a chunk, and more than one, of each kind
constexpr int64_t kGroups = 7, kRows = 1811, kInner = 37, kCols = 21;

Tensor random_tensor(const Shape& shape, uint64_t stream) {
  Tensor result(shape, DType::f32);
  const RandomStream random{7, stream, 0};
  for (int64_t i = 0; i < result.count(); ++i)
    result.data<float>()[i] = static_cast<float>(random.normal(static_cast<uint64_t>(i)));
  return result;
}

class GroupedGemm : public testing::Test {
 protected:
  // Group by group, but scattered over the matrix.
  GroupedGemm() {
    for (int64_t g = 0; g < kGroups; ++g) begin_.push_back(begin_.back() + kSizes[g]);
    for (int64_t i = 0; i < kRows; ++i) rows_.push_back(i * 1000 % kRows);
  }
  void TearDown() override { omp_set_num_threads(omp_get_num_procs()); }

  GroupedRows groups() const { return {rows_.data(), begin_.data(), kGroups}; }
  static Matrix<const float> matrix(const Tensor& t) {
    return {t.data<float>(), t.dim(0), t.dim(1), t.dim(1)};
  }

  std::vector<int64_t> begin_ = {0}, rows_;
  Tensor a_ = random_tensor({kRows, kInner}, 1);
};

TEST_F(GroupedGemm, MultipliesEachRowByItsGroupsMatrix) {
  const Tensor bias = random_tensor({kGroups, kCols}, 3);
  for (const bool transposed : {false, true}) {
    const Tensor b = transposed ? random_tensor({kGroups, kCols, kInner}, 2)
                                : random_tensor({kGroups, kInner, kCols}, 2);
    const Tensor before = random_tensor({kRows, kCols}, 4);
    Tensor c = before.clone();
    grouped_gemm(Device::cpu, groups(), matrix(a_),
                 {{b.data<float>(), b.dim(1), b.dim(2), b.dim(2)}, b.dim(1) * b.dim(2)},
                 transposed ? Transpose::yes : Transpose::no,
                 {c.data<float>(), kRows, kCols, kCols}, {bias.data<float>(), true, true});
    for (int64_t g = 0; g < kGroups; ++g) {
      for (int64_t at = begin_[g]; at < begin_[g + 1]; at += 97) {
        const int64_t row = rows_[at];
        for (int64_t j = 0; j < kCols; ++j) {
          double sum = before.data<float>()[row * kCols + j] + bias.data<float>()[g * kCols + j];
          for (int64_t k = 0; k < kInner; ++k) {
            const int64_t element = transposed ? j * kInner + k : k * kCols + j;
            sum += static_cast<double>(a_.data<float>()[row * kInner + k]) *
                   b.data<float>()[g * kInner * kCols + element];
          }
          EXPECT_NEAR(c.data<float>()[row * kCols + j], std::max(0.0, sum), 1e-4);
        }
      }
    }
  }
}

TEST_F(GroupedGemm, SumsOuterProductsOfEachGroup) {
  const Tensor b = random_tensor({kRows, kCols}, 2);
  Tensor c({kGroups, kInner, kCols}, DType::f32);
  std::fill_n(c.data<float>(), c.count(), NAN);
  grouped_outer_gemm(Device::cpu, groups(), matrix(a_), matrix(b),
                     {{c.data<float>(), kInner, kCols, kCols}, kInner * kCols});
  for (int64_t g = 0; g < kGroups; ++g) {
    for (int64_t i = 0; i < kInner; i += 5) {
      for (int64_t j = 0; j < kCols; ++j) {
        double sum = 0;
        for (int64_t at = begin_[g]; at < begin_[g + 1]; ++at)
          sum += static_cast<double>(a_.data<float>()[rows_[at] * kInner + i]) *
                 b.data<float>()[rows_[at] * kCols + j];
        EXPECT_NEAR(c.data<float>()[(g * kInner + i) * kCols + j], sum, 1e-3);
      }
    }
  }
}

TEST_F(GroupedGemm, GivesTheSameBitsForAnyNumberOfThreads) {
  const FineGrainScope fine;
  const Tensor b = random_tensor({kGroups, kInner, kCols}, 2);
  auto run = [&](int threads) {
    omp_set_num_threads(threads);
    Tensor c({kRows, kCols}, DType::f32), sums({kGroups, kInner, kCols}, DType::f32);
    grouped_gemm(Device::cpu, groups(), matrix(a_),
                 {{b.data<float>(), kInner, kCols, kCols}, kInner * kCols}, Transpose::no,
                 {c.data<float>(), kRows, kCols, kCols});
    grouped_outer_gemm(Device::cpu, groups(), matrix(a_), matrix(c),
                       {{sums.data<float>(), kInner, kCols, kCols}, kInner * kCols});
    return std::pair{c, sums};
  };
  const auto [one, sums] = run(1);
  for (int threads : {2, 3, 5}) {
    const auto [other, other_sums] = run(threads);
    EXPECT_EQ(std::memcmp(one.raw(), other.raw(), static_cast<size_t>(one.bytes())), 0);
    EXPECT_EQ(std::memcmp(sums.raw(), other_sums.raw(), static_cast<size_t>(sums.bytes())), 0);
  }
}

}  // namespace
}  // namespace ctr
