// Samplers of items against what they say of themselves, and sequences of a length.

#include "models/layers/item_sampler.h"

#include <cmath>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "models/layers/item_sequence.h"
#include "tests/message.h"
#include "tests/tools/closed_form.h"

namespace ctr {
namespace {

using closed_form::ids;

TEST(ItemSequence, KeepsTheLastOnesAtTheEnd) {
  const FieldBatch list{ids({6}, {1, 2, 3, 4, 5, 6}), ids({3}, {0, 4, 4}), {}};
  const Tensor padded = at_the_end(list, 3);
  const std::vector<int64_t> expected{2, 3, 4, 0, 0, 0, 0, 5, 6};
  EXPECT_EQ(std::vector<int64_t>(padded.span<int64_t>().begin(), padded.span<int64_t>().end()),
            expected);
}

// How often items come in many samples, against what the samplers say of it.
class Samplers : public testing::TestWithParam<const char*> {};

TEST_P(Samplers, DrawAsOftenAsTheySay) {
  constexpr int64_t kAll = 102, kSize = 10;
  constexpr int kDraws = 10000;
  NextItemOptions options;
  options.sampler = GetParam();
  options.samples = kSize;
  options.count_power = 0.5;
  const ItemSampler sampler(options, kAll);
  Tensor occurrences = Tensor::zeros({kAll}, DType::i64);
  for (int64_t id = 0; id < kAll; ++id) occurrences.data<int64_t>()[id] = id * id % 50;
  const Tensor target = ids({4}, {1, 0, 5, 40});
  std::vector<double> seen(kAll), said(kAll);
  for (uint32_t draw = 0; draw < kDraws; ++draw) {
    const ItemSample sample = sampler.draw({1, 2, draw}, target, occurrences);
    ASSERT_EQ(sample.ids.count(), kSize);
    std::set<int64_t> distinct;
    for (int64_t id : sample.ids.span<int64_t>()) {
      ASSERT_TRUE(id > 0 && id < kAll);
      distinct.insert(id);
      seen[static_cast<size_t>(id)] += 1.0 / kDraws;
    }
    EXPECT_TRUE(options.sampler == "counts" || distinct.size() == kSize);
    for (int64_t i : {0, 2, 3})
      said[static_cast<size_t>(target.data<int64_t>()[i])] +=
          std::exp(sample.of_target.data<double>()[i]) / kDraws;
  }
  // Of distinct items it is known but nearly, and overstated for an item that is in most samples.
  const double slack = GetParam() == std::string("log-uniform") ? 0.15 : 0.05;
  EXPECT_NEAR(seen[1], said[1], slack * said[1] + 0.01);
  for (size_t id : {5U, 40U}) EXPECT_NEAR(seen[id], said[id], 0.05 * said[id] + 0.01) << id;
}

INSTANTIATE_TEST_SUITE_P(Kinds, Samplers, testing::Values("log-uniform", "uniform", "counts"),
                         [](const auto& info) {
                           std::string name = info.param;
                           for (char& c : name) c = c == '-' ? '_' : c;
                           return name;
                         });

TEST(AliasTable, DrawsInProportion) {
  const std::vector<double> weights{1, 0, 5, 2.5, 1.5};
  const AliasTable table(weights);
  std::vector<int> seen(weights.size());
  constexpr int kDraws = 100000;
  for (uint64_t i = 0; i < kDraws; ++i) ++seen[static_cast<size_t>(table.draw({3, 1, 0}, i))];
  for (size_t i = 0; i < weights.size(); ++i)
    EXPECT_NEAR(seen[i], kDraws * weights[i] / 10, 500) << i;
  EXPECT_EQ(message([] {
              AliasTable(std::vector<double>{0, 0});
            }),
            "alias table: the 2 weights sum up to 0");
  EXPECT_EQ(message([] {
              AliasTable(std::vector<double>{1, -2});
            }),
            "alias table: weights must be finite and not negative, got -2");
}

}  // namespace
}  // namespace ctr
