// Texts of tokens whose vectors come from a file, end to end: prepare, attention pooling, experts
// by domain, prediction.

#include <cstring>

#include "engine/rng.h"
#include "io/prepare/vector_file.h"
#include "io/safetensors.h"
#include "models/layers/attention_pooling.h"
#include "tests/io/npy_bytes.h"
#include "tests/io/raw_files.h"
#include "tools/model_file.h"
#include "tools/run_directory.h"
#include "tools/scores.h"

namespace ctr {
namespace {

constexpr int64_t kWords = 40, kWidth = 3, kShops = 2;

// Each word has a vector; a shop's clicks depend on the words' mean vector in the shop's own
// direction. No word is met often enough to be learned without its vector.
class TokenVectors : public RawFiles {
 protected:
  const RandomStream random_{5, 1, 0};

  double component(int64_t word, int64_t k) const {
    return random_.normal(static_cast<uint64_t>(word * kWidth + k));
  }
  static std::string name_of(int64_t word) { return fmt::format("word{}", word); }

  std::string file_of(int64_t rows) const {
    const RandomStream draw{6, static_cast<uint64_t>(rows), 0};
    uint64_t element = 0;
    std::string text = "words,shop,label\n";
    for (int64_t row = 0; row < rows; ++row) {
      const auto shop = static_cast<int64_t>(draw.below(kShops, element++));
      const auto length = 2 + static_cast<int64_t>(draw.below(4, element++));
      double sum = 0;
      for (int64_t t = 0; t < length; ++t) {
        const auto word = static_cast<int64_t>(draw.below(kWords, element++));
        sum += component(word, shop);
        text += (t == 0 ? "" : "|") + name_of(word);
      }
      text += fmt::format(",shop{},{}\n", shop, sum > 0 ? 1 : 0);
    }
    return write(fmt::format("{}.csv", rows), text);
  }

  // All words but one have a vector.
  std::string vectors() const {
    std::vector<float> numbers;
    std::string names;
    for (int64_t word = 1; word < kWords; ++word) {
      names += name_of(word) + "\n";
      for (int64_t k = 0; k < kWidth; ++k)
        numbers.push_back(static_cast<float>(component(word, k)));
    }
    write("words.txt", names);
    return write("words.npy", npy_matrix(kWords - 1, kWidth, numbers));
  }

  Dataset made() const {
    const std::string schema = write("schema.json", R"({"name": "texts", "labels": ["label"],
        "fields": [{"name": "words", "type": "sequence", "encoding": {"separator": "|"}},
                   {"name": "shop", "role": "domain"}]})");
    const auto csv = find_converter("csv").make();
    csv->options().set("schema", schema, "");
    PreparePlan plan =
        csv->open({"train=" + file_of(900), "valid=" + file_of(300), "test=" + file_of(301)});
    give_vectors(plan, {"words=" + vectors()});
    BadLines bad(BadLinePolicy::error);
    prepare(plan, folder + "/set", bad);
    return read_dataset(folder + "/set");
  }

  static ModelOptions model_of(const std::string& kind) {
    ModelOptions options;
    options.pooling.kind = kind;
    options.task.expert_units = {16};
    options.task.tower_units = {};
    return options;
  }
  static TrainOptions training() {
    TrainOptions options;
    options.model = "pooledcgc";
    options.batch_size = 64;
    options.epochs = 12;
    options.optimizer.learning_rate = 0.01;
    return options;
  }
};

TEST_F(TokenVectors, EveryPoolingLearnsFromTheFilesVectors) {
  const Dataset data = made();
  const Field& words = data.schema.fields[0];
  ASSERT_EQ(words.vector_width, kWidth);
  for (const std::string& kind : attention_pooling_kinds()) {
    BuiltModel built(find_model("pooledcgc"), data, model_of(kind), DType::f32, 1);
    const Parameter* table = built.store().find("embedding/words");
    ASSERT_NE(table, nullptr);
    EXPECT_TRUE(table->frozen && table->given);
    const TrainReport report = train(built, data, training());
    EXPECT_GT(report.test.auc, 0.8) << kind;
    for (const double auc : report.test.domain_auc) EXPECT_GT(auc, 0.75) << kind;
    const Tensor& given = data.vectors.at("words");
    EXPECT_EQ(std::memcmp(table->value.raw(), given.raw(), static_cast<size_t>(given.bytes())), 0)
        << kind;
  }
}

// Same rows and model, but vectors that say nothing of the words: what is learned is the file's.
TEST_F(TokenVectors, OtherVectorsTeachNothing) {
  Dataset data = made();
  Tensor& table = data.vectors.at("words");
  for (int64_t i = 0; i < table.count(); ++i) table.data<float>()[i] = 0.5f;
  BuiltModel built(find_model("pooledcgc"), data, model_of("gaussian"), DType::f32, 1);
  EXPECT_LT(train(built, data, training()).test.auc, 0.6);
}

TEST_F(TokenVectors, ARunCarriesThem) {
  const Dataset data = made();
  TrainOptions options = training();
  options.epochs = 1;
  const ModelOptions model = model_of("gaussian_diagonal");
  BuiltModel built(find_model("pooledcgc"), data, model, DType::f32, 1);
  RunDirectory run = RunDirectory::create(folder + "/run", "");
  run.begin(data, options, model);
  run.finish(built, data, options, model, train(built, data, options));
  const std::vector<double> before = score(built, data, Split::test, 64).probability;
  std::filesystem::remove(folder + "/set/vectors.safetensors");
  const ModelFile file = read_model_file(folder + "/run");
  EXPECT_EQ(score(*file.build(), data, Split::test, 64).probability, before);
}

}  // namespace
}  // namespace ctr
