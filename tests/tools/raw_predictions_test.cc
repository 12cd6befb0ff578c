// predict --csv: raw rows score as the same rows prepared, and what is wrong with them is said.

#include "tools/raw_predictions.h"

#include <fstream>
#include <sstream>

#include "engine/rng.h"
#include "tests/io/raw_files.h"
#include "tools/loaded_run.h"
#include "tools/run_directory.h"
#include "tools/scores.h"

namespace ctr {
namespace {

class RawPredictions : public RawFiles {
 protected:
  static constexpr int64_t kRows = 9000;  // of the test split: more than a chunk
  const std::string run = folder + "/run", out = folder + "/out.csv";
  Dataset data;

  // Rows whose clicks follow user and price; some cells are empty or not in the training rows.
  static std::string table(int64_t rows, uint32_t stream, bool label) {
    const RandomStream random{1, stream, 0};
    std::string text = label ? "user,tags,price,click\n" : "price,note,tags,user\n";
    for (int64_t r = 0; r < rows; ++r) {
      const auto at = 4 * static_cast<uint64_t>(r);
      const auto user = random.below(stream == 1 ? 20 : 25, at), tag = random.below(5, at + 1);
      const std::string tags = tag == 0 ? "" : fmt::format("t{}|t{}", tag, tag + 1);
      const std::string price = tag == 4 ? "" : fmt::format("{}", random.uniform(at + 2));
      if (label)
        text += fmt::format("u{},{},{},{}\n", user, tags, price, user % 3 == 0 ? 1 : 0);
      else
        text += fmt::format("{},x,{},u{}\n", price, tags, user);
    }
    return text;
  }

  void SetUp() override {
    const std::string test = write("test.csv", table(kRows, 2, true));
    data = prepared("csv",
                    {"train=" + write("train.csv", table(2000, 1, true)), "valid=" + test,
                     "test=" + test},
                    {{"label", "click"}, {"list", "tags"}, {"numeric", "price"}})
               .data;
    TrainOptions options;
    options.model = "deepfm";
    options.data = data.path;
    options.epochs = 1;
    ModelOptions model;
    model.embedding_dim = 4;
    model.hidden_units = {8};
    BuiltModel built(find_model(options.model), data, model, DType::f32, 1);
    RunDirectory directory = RunDirectory::create(run, "");
    directory.begin(data, options, model);
    TrainEvents events = directory.events(options);
    const TrainReport report = train(built, data, options, events, nullptr);
    directory.finish(built, data, options, model, report);
    probability = score(built, data, Split::test, 512).probability;
  }

  std::vector<double> probability;
};

TEST_F(RawPredictions, AreThoseOfTheSameRowsPrepared) {
  const std::string raw = write("raw.csv", table(kRows, 2, false));
  std::filesystem::rename(data.path, data.path + "-away");  // the run alone is enough
  EXPECT_EQ(write_raw_predictions(run, raw, ',', 700, out), kRows);
  std::ifstream file(out);
  std::string line;
  std::getline(file, line);
  EXPECT_EQ(line, "row,probability");
  for (size_t i = 0; i < probability.size(); ++i) {
    ASSERT_TRUE(std::getline(file, line));
    size_t row = 0;
    double value = 0;
    char comma = 0;
    std::istringstream(line) >> row >> comma >> value;
    ASSERT_EQ(row, i);
    ASSERT_NEAR(value, probability[i], 1e-6) << "row " << i;
  }
  EXPECT_FALSE(std::getline(file, line));
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    EXPECT_EQ(entry.path().string().find(".rows"), std::string::npos);
}

TEST_F(RawPredictions, AndDataSetsAreThoseOfTheRun) {
  EXPECT_EQ(load_run(run).data.rows(Split::test), kRows);
  std::filesystem::rename(data.path, data.path + "-away");
  const Dataset other = prepared("csv", {write("other.csv", table(50, 3, true))},
                                 {{"label", "click"}, {"list", "tags"}, {"split", "1,0,0"}})
                            .data;
  std::filesystem::rename(other.path, data.path);
  EXPECT_NE(message([&] {
              load_run(run);
            }).find("is no longer the data set that the run run was trained on"),
            std::string::npos);
  EXPECT_NE(message([&] { load_run(folder); }).find("holds no trained model"), std::string::npos);
}

TEST_F(RawPredictions, SayWhatIsWrong) {
  auto error = [&](const std::string& text) {
    const std::string path = write("raw.csv", text);
    return message([&] { write_raw_predictions(run, path, ',', 100, out); });
  };
  EXPECT_EQ(error("user,tags,price\nu1,t1,2\nu1,t1,cheap\n"),
            "raw.csv:3:7: expected a finite number of at most 3.4e38 in size, found 'cheap'; leave "
            "the cell empty if it is missing");
  EXPECT_NE(error("user,tag,price\nu1,t1,2\n").find("there is no column 'tags'"),
            std::string::npos);
  EXPECT_NE(error("user,tags,price\n").find("raw.csv holds no rows"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(out));
  EXPECT_NE(message([&] {
              write_raw_predictions(run, folder + "/none.csv", ',', 100, out);
            }).find("none.csv"),
            std::string::npos);
}

TEST_F(RawPredictions, NeedTheVocabularies) {
  std::filesystem::remove(run + "/vocabulary/user.tsv");
  const std::string raw = write("raw.csv", "user,tags,price\nu1,t1,2\n");
  EXPECT_NE(message([&] { write_raw_predictions(run, raw, ',', 100, out); }).find("user.tsv"),
            std::string::npos);
}

}  // namespace
}  // namespace ctr
