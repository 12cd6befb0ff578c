// Attention pooling as a layer: against the pooled vectors of golden files, and what is refused.

#include "models/layers/attention_pooling.h"

#include <gtest/gtest.h>

#include "io/safetensors.h"
#include "ops/gather/gather.h"
#include "tests/message.h"

namespace ctr {
namespace {

class PooledFiles : public testing::TestWithParam<std::pair<const char*, const char*>> {};

// Tokens [B, T], 0 for padding; the query of a row is its domain's.
TEST_P(PooledFiles, GiveTheSameVectors) {
  const auto [name, kind] = GetParam();
  const TensorFile file =
      read_safetensors(std::string(CTR_SOURCE_DIR) + "/tests/golden/multi/AttentionPooling_" +
                       name + ".safetensors");
  const Tensor& tokens = file.at("input/token");
  const Tensor& table = file.at("param/embedding/token");
  Tensor mask(tokens.shape(), DType::i64);
  for (int64_t i = 0; i < mask.count(); ++i)
    mask.data<int64_t>()[i] = tokens.data<int64_t>()[i] != 0;
  ParameterStore store(DType::f64, 1);
  const AttentionPooling pooling(Scope(store) / "pool", kind, table.dim(1));
  for (const auto& parameter : store.all())
    parameter->value = file.at(std::string("param/").append(parameter->name));
  const Var query =
      pooling.takes_query() ? gather(Var(file.at("param/query")), file.at("domain")) : Var();
  const Tensor pooled = pooling(query, gather(Var(table), tokens), mask).value();
  const Tensor& expected = file.at("pooled");
  ASSERT_EQ(pooled.count(), expected.count());
  for (int64_t i = 0; i < pooled.count(); ++i)
    EXPECT_NEAR(pooled.data<double>()[i], expected.data<double>()[i], 1e-12);
}

INSTANTIATE_TEST_SUITE_P(Golden, PooledFiles,
                         testing::Values(std::pair{"gaussian", "gaussian"},
                                         std::pair{"scalar", "gaussian_scalar"},
                                         std::pair{"unictr", "unictr"}));

TEST(AttentionPooling, EveryKindPools) {
  for (const std::string& kind : attention_pooling_kinds()) {
    ParameterStore store(DType::f64, 1);
    const AttentionPooling pooling(Scope(store), kind, 4);
    const Var x(Tensor::full({2, 3, 4}, DType::f64, 0.5));
    const Var query(Tensor::full({2, 4}, DType::f64, 0.3));
    const Tensor pooled = pooling(query, x, Tensor()).value();
    for (double value : pooled.span<double>()) EXPECT_NEAR(value, 0.5, 1e-12) << kind;
  }
}

TEST(AttentionPooling, RefusesOtherKinds) {
  ParameterStore store(DType::f64, 1);
  EXPECT_EQ(message([&] { AttentionPooling(Scope(store), "gausian", 4); }),
            "attention pooling: there is no kind 'gausian'; did you mean 'gaussian'?");
  const AttentionPooling pooling(Scope(store), "boxcar", 4);
  EXPECT_EQ(message([&] {
              pooling(Var(), Var(Tensor::zeros({1, 2, 4}, DType::f64)), Tensor());
            }),
            "attention pooling: kind 'boxcar' needs a query");
}

}  // namespace
}  // namespace ctr
