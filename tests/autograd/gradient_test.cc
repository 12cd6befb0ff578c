#include <omp.h>

#include <algorithm>
#include <cstring>

#include <gtest/gtest.h>

#include "autograd/coalesce.h"
#include "engine/error.h"
#include "engine/rng.h"

namespace ctr {
namespace {

RowGradient random_rows(int64_t entries, int64_t table_rows, int64_t width) {
  RandomStream random{1, 2, 0};
  RowGradient gradient{table_rows, width, -1, {}};
  for (uint64_t part = 0; part < 2; ++part) {
    Tensor ids({entries}, DType::i64);
    Tensor values({entries, 2 * width}, DType::f32);
    for (int64_t i = 0; i < entries; ++i) {
      ids.data<int64_t>()[i] = static_cast<int64_t>(
          random.below(static_cast<uint64_t>(table_rows), part << 20 | static_cast<uint64_t>(i)));
    }
    for (int64_t i = 0; i < values.count(); ++i) {
      values.data<float>()[i] =
          static_cast<float>(random.normal(part << 40 | static_cast<uint64_t>(i)));
    }
    gradient.parts.push_back({ids, values, 2 * width, static_cast<int64_t>(part) * width});
  }
  return gradient;
}

TEST(Coalesce, SumsEqualIdsInOrder) {
  RowGradient gradient = random_rows(1000, 70, 3);
  CoalescedRows rows = coalesce(gradient);
  std::vector<float> expected(70 * 3, 0.f);
  std::vector<bool> seen(70, false);
  for (const RowPart& part : gradient.parts) {
    for (int64_t i = 0; i < 1000; ++i) {
      int64_t id = part.ids.data<int64_t>()[i];
      for (int64_t k = 0; k < 3; ++k) {
        float value = part.values.data<float>()[i * part.stride + part.offset + k];
        float& sum = expected[static_cast<size_t>(id * 3 + k)];
        sum = seen[static_cast<size_t>(id)] ? sum + value : value;
      }
      seen[static_cast<size_t>(id)] = true;
    }
  }
  for (int64_t u = 0; u < rows.ids.count(); ++u) {
    int64_t id = rows.ids.data<int64_t>()[u];
    EXPECT_TRUE(u == 0 || rows.ids.data<int64_t>()[u - 1] < id);
    for (int64_t k = 0; k < 3; ++k) {
      EXPECT_EQ(rows.values.data<float>()[u * 3 + k], expected[static_cast<size_t>(id * 3 + k)]);
    }
  }
}

TEST(Coalesce, IgnoresTheThreadCount) {
  RowGradient gradient = random_rows(20000, 5000, 8);
  omp_set_num_threads(1);
  CoalescedRows one = coalesce(gradient);
  omp_set_num_threads(3);
  CoalescedRows three = coalesce(gradient);
  omp_set_num_threads(omp_get_num_procs());
  EXPECT_EQ(
      std::memcmp(one.values.raw(), three.values.raw(), static_cast<size_t>(one.values.bytes())),
      0);
}

// Tables looked up by the same ids are sorted once; each still gets what it gets alone.
TEST(Coalesce, SharesTheSortAmongTablesWithTheSameIds) {
  std::vector<RowGradient> all = {random_rows(300, 40, 4), random_rows(300, 40, 2),
                                  random_rows(300, 40, 3), random_rows(300, 40, 5)};
  for (size_t other : {2, 3}) {
    for (size_t part = 0; part < all[0].parts.size(); ++part)
      all[other].parts[part].ids = all[0].parts[part].ids;
  }
  all[3].padding = 7;  // so its entries are not those of the first
  const std::vector<const RowGradient*> pointers = {&all[0], &all[1], &all[2], &all[3]};
  const StepVector<CoalescedRows> together = coalesce(pointers);
  for (size_t i = 0; i < all.size(); ++i) {
    for (RowPart& part : all[i].parts) part.ids = part.ids.clone();
    const CoalescedRows alone = coalesce(all[i]);
    ASSERT_EQ(together[i].ids.count(), alone.ids.count());
    EXPECT_TRUE(std::ranges::equal(together[i].ids.span<int64_t>(), alone.ids.span<int64_t>()));
    EXPECT_TRUE(std::ranges::equal(together[i].values.span<float>(), alone.values.span<float>()));
  }
  EXPECT_EQ(together[3].ids.count(), together[0].ids.count() - 1);
}

TEST(Coalesce, DropsPadding) {
  RowGradient gradient = random_rows(100, 5, 2);
  gradient.padding = 0;
  EXPECT_EQ(coalesce(gradient).ids.data<int64_t>()[0], 1);
}

TEST(Gradient, RowsMeetDenseOnlyWhenTied) {
  Gradient rows(random_rows(10, 5, 2));
  EXPECT_THROW(rows.add(Tensor::zeros({5, 2}, DType::f32), false), Error);
  rows.add(Tensor::zeros({5, 2}, DType::f32), true);
  EXPECT_TRUE(rows.is_dense());
}

TEST(Gradient, NeverWritesIntoASharedBuffer) {
  Tensor shared = Tensor::full({2}, DType::f32, 1);
  Gradient sum;
  sum.add(shared, false);
  sum.add(shared, false);
  EXPECT_EQ(sum.dense().data<float>()[0], 2);
  EXPECT_EQ(shared.data<float>()[0], 1);
}

}  // namespace
}  // namespace ctr
