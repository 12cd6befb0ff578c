// Compressed embeddings in models: deep hash embeddings against naive loops, their cache, padding
// and lists; numbers as buckets; what is refused.

#include <cmath>
#include <cstring>

#include <gtest/gtest.h>

#include "engine/error.h"
#include "models/layers/deep_hash_embedding.h"
#include "models/layers/embedding.h"
#include "ops/bucketing/bucketing.h"
#include "ops/gather/distinct.h"
#include "tests/message.h"
#include "tools/model_check.h"

namespace ctr {
namespace {

Tensor numbers(const std::vector<int64_t>& values) {
  return Tensor::from<int64_t>({static_cast<int64_t>(values.size())}, values);
}

class DeepHash : public testing::Test {
 protected:
  static constexpr int64_t kIds = 1000;
  ParameterStore store{DType::f64, 7};
  EmbeddingOptions options;

  void SetUp() override {
    options.kind = "dhe";
    options.dhe_hashes = 6;
    options.dhe_decoder_units = {5, 4};
  }
  DeepHashEmbedding made() { return {Scope(store) / "item", kIds, 3, options, .5}; }
  // Off their initial values.
  void shift() {
    for (const auto& parameter : store.all()) {
      if (parameter->state) continue;
      const Tensor noise = random_upstream(parameter->value, stream_of(parameter->name));
      for (int64_t i = 0; i < noise.count(); ++i)
        parameter->value.data<double>()[i] += .3 * noise.data<double>()[i];
    }
  }
  std::vector<double> values(const std::string& name) {
    const Tensor& value = store.find("item/" + name)->value;
    return {value.span<double>().begin(), value.span<double>().end()};
  }

  using Rows = std::vector<std::vector<double>>;
  Rows linear(const Rows& x, const std::string& layer) {
    const std::vector<double> weight = values(layer + "/weight"), bias = values(layer + "/bias");
    Rows y;
    for (const auto& row : x) {
      y.emplace_back(bias);
      for (size_t o = 0; o < bias.size(); ++o)
        for (size_t i = 0; i < row.size(); ++i) y.back()[o] += weight[o * row.size() + i] * row[i];
    }
    return y;
  }
  // γ (x − μ) / √(σ² + ε) + β over these rows, then mish.
  void normalise(Rows& x, const std::string& layer) {
    const std::vector<double> gamma = values(layer + "/bn/weight"),
                              beta = values(layer + "/bn/bias");
    const auto count = static_cast<double>(x.size());
    for (size_t c = 0; c < gamma.size(); ++c) {
      double mean = 0, variance = 0;
      for (const auto& row : x) mean += row[c] / count;
      for (const auto& row : x) variance += (row[c] - mean) * (row[c] - mean) / count;
      for (auto& row : x) {
        const double y =
            gamma[c] * (row[c] - mean) / std::sqrt(variance + options.dhe_bn_epsilon) + beta[c];
        row[c] = y * std::tanh(std::log(1 + std::exp(y)));
      }
    }
  }
  void expect_rows(const Var& y, const std::vector<int64_t>& at, const Rows& expected) {
    for (size_t b = 0; b < at.size(); ++b)
      for (int64_t k = 0; k < 3; ++k)
        EXPECT_NEAR(y.value().data<double>()[static_cast<int64_t>(b) * 3 + k],
                    expected[static_cast<size_t>(at[b])][static_cast<size_t>(k)], 1e-12)
            << "row " << b;
  }
};

// Statistics over the distinct ids, each once, though 17 stands in the batch three times.
TEST_F(DeepHash, FollowsThePaper) {
  const DeepHashEmbedding dhe = made();
  shift();
  store.mode().training = true;
  const Var y = dhe(numbers({17, 999, 17, 0, 17}), kNoPadding);
  const Var codes = dhe.encoding(numbers({17, 999, 0}));
  Rows h;
  for (int i = 0; i < 3; ++i) {
    const double* code = codes.value().data<double>() + 6 * i;
    h.emplace_back(code, code + 6);
  }
  for (const char* layer : {"0", "1"}) {
    h = linear(h, layer);
    normalise(h, layer);
  }
  expect_rows(y, {0, 1, 0, 2, 0}, linear(h, "out"));
}

TEST_F(DeepHash, EncodesAlikeAfterLoading) {
  const DeepHashEmbedding dhe = made();
  ParameterStore other(DType::f64, 8);  // another seed: other coefficients
  const DeepHashEmbedding loaded(Scope(other) / "item", kIds, 3, options, .5);
  const Tensor ids = numbers({1, 2, 3});
  const auto same = [&] {
    const Tensor a = dhe.encoding(ids).value(), b = loaded.encoding(ids).value();
    return std::memcmp(a.raw(), b.raw(), static_cast<size_t>(a.bytes())) == 0;
  };
  EXPECT_FALSE(same());
  for (const char* name : {"item/hash/a", "item/hash/b", "item/hash/p"}) {
    EXPECT_TRUE(store.find(name)->state);
    EXPECT_EQ(store.find(name)->value.dtype(), DType::i64);
    other.find(name)->value = store.find(name)->value.clone();
  }
  EXPECT_TRUE(same());
  const DeepHashEmbedding second(Scope(store) / "user", kIds, 3, options, .5);
  EXPECT_NE(std::memcmp(second.encoding(ids).value().raw(), dhe.encoding(ids).value().raw(), 48), 0)
      << "two fields share a family";
}

TEST_F(DeepHash, PaddingIsNoId) {
  const DeepHashEmbedding dhe = made();
  shift();
  store.mode().training = true;
  const Var with = dhe(numbers({0, 5, 0, 9, 5}), 0), without = dhe(numbers({5, 9, 5}), kNoPadding);
  const double *w = with.value().data<double>(), *v = without.value().data<double>();
  for (int k = 0; k < 3; ++k) {
    EXPECT_EQ(w[k], 0);
    EXPECT_EQ(w[6 + k], 0);
    EXPECT_EQ(w[3 + k], v[k]);
    EXPECT_EQ(w[9 + k], v[3 + k]);
  }
  EXPECT_NE(w[3], w[9]);
  store.mode().training = false;
  const Var evaluated = dhe(numbers({0, 5}), 0);
  EXPECT_EQ(evaluated.value().data<double>()[0], 0);
  EXPECT_NE(evaluated.value().data<double>()[3], 0);
}

TEST_F(DeepHash, ASingleIdTakesTheRunningStatistics) {
  const DeepHashEmbedding dhe = made();
  shift();
  store.mode().training = true;
  dhe(numbers({1, 2, 3}), kNoPadding);
  const std::vector<double> before = values("0/bn/running_mean");
  const Tensor single = dhe(numbers({4, 4}), kNoPadding).value();
  EXPECT_EQ(values("0/bn/running_mean"), before);
  EXPECT_NE(before[0], 0);
  EXPECT_EQ(dhe(numbers({}), kNoPadding).value().count(), 0);
  store.mode().training = false;
  const Tensor evaluated = dhe(numbers({4}), kNoPadding).value();
  for (int k = 0; k < 3; ++k)
    EXPECT_NEAR(single.data<double>()[k], evaluated.data<double>()[k], 1e-13);
}

TEST_F(DeepHash, DecodesEachIdOncePerSetOfWeights) {
  const DeepHashEmbedding dhe = made();
  options.dhe_cache_mb = 0;
  ParameterStore plain(DType::f64, 7);
  const DeepHashEmbedding uncached(Scope(plain) / "item", kIds, 3, options, .5);
  int64_t decoded = 0;
  const ObserveScope observe([&](const char* op, std::span<const Tensor> outputs) {
    if (std::string(op) == "hash_encoding") decoded += outputs[0].dim(0);
  });
  const auto expect_equal = [&](const std::vector<int64_t>& ids, int64_t decodes) {
    decoded = 0;
    const Tensor cached = dhe(numbers(ids), kNoPadding).value();
    EXPECT_EQ(decoded, decodes);
    const Tensor fresh = uncached(numbers(ids), kNoPadding).value();
    for (int64_t i = 0; i < cached.count(); ++i)
      EXPECT_NEAR(cached.data<double>()[i], fresh.data<double>()[i], 1e-13);
  };
  expect_equal({3, 5, 3}, 2);
  expect_equal({5, 3, 8, 8}, 1);
  expect_equal({8, 5}, 0);
  for (ParameterStore* one : {&store, &plain}) {
    one->find("item/out/weight")->value.data<double>()[0] += 1;
    ++one->mode().weights_version;
  }
  expect_equal({8, 5}, 2);
  decoded = 0;
  Tape tape;  // what records does not read the cache
  dhe(numbers({8, 5}), kNoPadding);
  EXPECT_EQ(decoded, 2);
}

TEST(CompressedEmbedding, HashedRowsAreAddedUp) {
  ParameterStore store(DType::f64, 3);
  EmbeddingOptions options;
  options.hash_rows = 10;
  options.hash_count = 2;
  const HashedEmbedding hashed(Scope(store) / "item", 100, 2, options, 1);
  const HashFamily family{store.find("item/hash/a")->value, store.find("item/hash/b")->value,
                          store.find("item/hash/p")->value, 10};
  const Tensor ids = numbers({4, 0, 99, 4}), rows = hash_ids(ids, family);
  const Tensor y = hashed(ids, 0).value();
  for (int b = 0; b < 4; ++b) {
    for (int k = 0; k < 2; ++k) {
      double sum = 0;
      for (int j = 0; j < 2; ++j)
        sum += store.find("item/" + std::to_string(j))
                   ->value.data<double>()[rows.data<int64_t>()[2 * b + j] * 2 + k];
      EXPECT_EQ(y.data<double>()[2 * b + k], b == 1 ? 0 : sum);
    }
  }
  EXPECT_EQ(message([&] { hashed(numbers({100}), kNoPadding); }),
            "hash embedding: id 100 at position 0 is outside the table's rows [0, 100)");
}

// Initial vectors have the deviation asked for, whatever they are made of; tables have their sizes.
TEST(CompressedEmbedding, BeginsLikeAPlainTable) {
  constexpr int64_t kIds = 40000, kWidth = 8;
  std::vector<int64_t> all(kIds);
  for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<int64_t>(i);
  const auto expect = [&](EmbeddingOptions options, int64_t parameters) {
    ParameterStore store(DType::f32, 3);
    store.mode().training = true;
    Field field;
    field.vocabulary = kIds;
    const auto made = compressed_embedding(Scope(store), field, kWidth, options, .05);
    EXPECT_EQ(store.count_trainable(), parameters);
    const Tensor vectors = (*made)(numbers(all), kNoPadding).value();
    double squares = 0;
    for (float x : vectors.span<float>()) squares += double{x} * double{x};
    EXPECT_NEAR(std::sqrt(squares / static_cast<double>(vectors.count())), .05, .004);
  };
  EmbeddingOptions options;
  options.kind = "hash";
  expect(options, 10000 * kWidth);
  options.hash_count = 3;
  expect(options, 3 * 10000 * kWidth);
  options.kind = "quotient-remainder";
  for (const char* op : {"mult", "add"}) {
    options.qr_op = op;
    expect(options, 2 * 200 * kWidth);
  }
  options.qr_op = "concat";
  expect(options, 2 * 200 * kWidth / 2);
  options.qr_divisor = 1000;
  expect(options, (40 + 1000) * kWidth / 2);
  options.kind = "dhe";
  options.dhe_hashes = 64;
  options.dhe_decoder_units = {128};
  expect(options, 64 * 128 + 3 * 128 + 129 * kWidth);
}

// The mean over a list's ids is that of their vectors, padding left out.
TEST(CompressedEmbedding, ListsAreMeans) {
  for (const char* kind : {"hash", "quotient-remainder", "dhe"}) {
    ParameterStore store(DType::f64, 3);
    EmbeddingOptions options;
    options.kind = kind;
    options.dhe_hashes = 4;
    options.dhe_decoder_units = {3};
    Field field;
    field.vocabulary = 50;
    const auto made = compressed_embedding(Scope(store), field, 2, options, 1);
    const FieldBatch batch{numbers({7, 0, 9, 7, 0, 31}), numbers({0, 3, 3, 5}), {}};
    const Tensor y = made->of_field(batch, FieldType::sequence, 0).value();
    const Tensor v = (*made)(numbers({7, 9, 31}), kNoPadding).value();
    for (int k = 0; k < 2; ++k) {
      const double of7 = v.data<double>()[k], of9 = v.data<double>()[2 + k],
                   of31 = v.data<double>()[4 + k];
      EXPECT_NEAR(y.data<double>()[k], (of7 + of9) / 2, 1e-14) << kind;
      EXPECT_EQ(y.data<double>()[2 + k], 0) << kind;
      EXPECT_NEAR(y.data<double>()[4 + k], of7, 1e-14) << kind;
      EXPECT_NEAR(y.data<double>()[6 + k], of31, 1e-14) << kind;
    }
  }
}

// Names of the parameters that a model makes of the small problem.
std::vector<std::string> parameters(const std::function<void(ModelOptions&)>& change,
                                    const std::function<void(Schema&)>& reshape = {}) {
  SmallProblem problem = small_problem();
  if (reshape) reshape(problem.schema);
  ModelOptions options = model_cases("deepfm")[0].options;
  change(options);
  const GivenVectors none;
  ParameterStore store(DType::f32, 1);
  const auto model = find_model("deepfm").make(Scope(store), {problem.schema, none, options});
  std::vector<std::string> names;
  for (const auto& parameter : store.all()) names.push_back(parameter->name);
  return names;
}
bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

TEST(CompressedEmbedding, OptionsSayWhichFields) {
  auto names = parameters([](ModelOptions& o) {
    o.embedding.kind = "quotient-remainder";
    o.embedding.min_rows = 6;
  });
  EXPECT_TRUE(contains(names, "embedding/user/quotient"));  // 7 rows
  EXPECT_TRUE(contains(names, "embedding/tags/quotient"));  // 6
  EXPECT_TRUE(contains(names, "embedding/item"));           // 5
  EXPECT_TRUE(contains(names, "embedding/price"));
  EXPECT_TRUE(contains(names, "linear/user"));
  names = parameters([](ModelOptions& o) {
    o.embedding.kind = "dhe";
    o.embedding.fields = {"item"};
    o.embedding.min_rows = 100;
    o.embedding.compress_linear = true;
  });
  EXPECT_TRUE(contains(names, "embedding/item/out/weight"));
  EXPECT_TRUE(contains(names, "linear/item/out/weight"));
  EXPECT_TRUE(contains(names, "embedding/user"));
  EXPECT_TRUE(contains(names, "linear/user"));
}

TEST(CompressedEmbedding, RefusesWhatCannotBe) {
  const auto refusal = [](const std::function<void(EmbeddingOptions&)>& change) {
    return message([&] { parameters([&](ModelOptions& o) { change(o.embedding); }); });
  };
  EXPECT_EQ(refusal([](EmbeddingOptions& o) {
              o.kind = "dhe";
              o.fields = {"itme"};
            }),
            "data set 'small' has no field 'itme'; did you mean 'item'?");
  EXPECT_EQ(refusal([](EmbeddingOptions& o) {
              o.kind = "hash";
              o.fields = {"price"};
            }),
            "embeddings: field 'price' of --embedding-fields is numeric; only ids can be hashed");
  EXPECT_EQ(refusal([](EmbeddingOptions& o) {
              o.kind = "dhe";
              o.dhe_encoding = "gaussian";
              o.dhe_hashes = 7;
            }),
            "dhe: the Gaussian encoding takes hashes in pairs, got 7; use an even --dhe-hashes");
  EXPECT_EQ(message([] {
              parameters([](ModelOptions& o) {
                o.embedding_dim = 5;
                o.embedding.kind = "quotient-remainder";
                o.embedding.qr_op = "concat";
              });
            }),
            "embeddings: --qr-op concat needs vectors of even width, got 5; set --embedding-dim");
  EXPECT_NE(message([] {
              parameters([](ModelOptions& o) { o.numeric = "buckets"; },
                         [](Schema& s) { s.fields[4].encoding.numbers = NumberRule::minmax; });
            }).find("'price' was rescaled when the data was prepared"),
            std::string::npos);
}

// A number's bucket is an id like any other: the same logits as a categorical field of these ids.
TEST(NumericBuckets, AreAFieldLikeAnyOther) {
  SmallProblem numeric = small_problem(), categorical = small_problem();
  const std::vector<double> price{0, 1, 2.5, 40, 1e5, -1, -7, 3.9, 12};
  numeric.batch.fields[4].values = Tensor::from<double>({9}, price);
  ModelOptions options = model_cases("deepfm")[0].options;
  options.numeric = "buckets";
  options.embedding.numeric_rows = 20;
  options.embedding.numeric_negative_rows = 3;
  categorical.schema.fields[4].type = FieldType::categorical;
  categorical.schema.fields[4].vocabulary = 23;
  categorical.batch.fields[4] = {log_square_buckets(numeric.batch.fields[4].values, 20, 3), {}, {}};
  Tensor logits[2];
  for (const SmallProblem* problem : {&numeric, &categorical}) {
    const GivenVectors none;
    ParameterStore store(DType::f64, 1);
    const auto model = find_model("deepfm").make(Scope(store), {problem->schema, none, options});
    EXPECT_EQ(store.find("embedding/price")->value.shape(), Shape({23, 4}));
    logits[problem == &categorical] = model->logit(problem->batch).value();
  }
  EXPECT_EQ(std::memcmp(logits[0].raw(), logits[1].raw(), 9 * sizeof(double)), 0);
}

}  // namespace
}  // namespace ctr
