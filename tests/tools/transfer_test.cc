// From a pre-trained network to tasks on other data: what is taken, what must fit, and the best
// items of each user.

#include <algorithm>
#include <cstring>
#include <sstream>

#include "io/safetensors.h"
#include "io/shared_users.h"
#include "tests/io/raw_files.h"
#include "tests/message.h"
#include "tests/tools/small_run.h"
#include "tools/fine_tune.h"
#include "tools/scores.h"
#include "tools/top_predictions.h"

namespace ctr {
namespace {

// Users walk round a ring of ten items; whoever walks on it the other way has target b.
class Transfer : public SmallRuns {
 protected:
  void SetUp() override {
    SmallRuns::SetUp();
    files.write("pre.csv", lines(false));
    files.write("fine.csv", lines(true));
    prepare_set("source", "pre.csv", {{"split", "0.8,0.1,0.1"}});
    prepare_set("target", "fine.csv", {{"split", "0.6,0.2,0.2"}}, "source");
    options.epochs = 8;
    options.batch_size = 16;
    options.patience = 8;
    options.optimizer.learning_rate = 0.01;
    model_options.embedding_dim = 8;
    model_options.nextitnet.dilations = {1, 2};
    data = read_dataset(path("source"));
    options.data = path("source");
    options.model = "nextitnet";
    start("pretrained");
    data = read_dataset(path("target"));
    options.data = path("target");
    options.model = "peterrec";
    options.epochs = 4;
    model_options.peter.loss = "softmax";
  }

  static std::string lines(bool targets) {
    std::string text;
    for (int u = 0; u < 160; ++u) {
      const int step = u % 2 == 0 ? 1 : 9;
      for (int t = 0; t < 6; ++t)
        text += fmt::format("{}{}", t == 0 ? "" : ",", 10 + (u / 2 + t * step) % 10);
      text += targets ? fmt::format(",,{}\n", step == 1 ? "a" : "b") : "\n";
    }
    return text;
  }

  void prepare_set(const std::string& name, const std::string& file, const Options& given,
                   const std::string& ids_of = "") {
    const auto made = find_converter("coldrec").make();
    OptionList list = made->options();
    for (const auto& [option, value] : given) list.set(option, value, "coldrec");
    PreparePlan plan = made->open({files.path() + "/" + file});
    if (!ids_of.empty())
      plan.vocabularies["clicks"] = std::make_shared<const Vocabulary>(
          Vocabulary::load(path(ids_of) + "/vocabulary/clicks.tsv", 2));
    BadLines bad(BadLinePolicy::error);
    prepare(plan, path(name), bad);
  }

  Inherited take(BuiltModel& built) {
    return begin_from(path("pretrained"), data, find_model("peterrec"), built);
  }

  const Folder files{"transfer"};
};

TEST_F(Transfer, TheNetworkIsTakenAndTheTaskLearnt) {
  BuiltModel built = build();
  const Inherited all = take(built);
  EXPECT_EQ(all.left, (std::vector<std::string>{"head/bias", "head/weight"}));
  for (const std::string& fresh : all.fresh)
    EXPECT_TRUE(fresh == "cls" || fresh == "target/weight" ||
                fresh.find("/mp") != std::string::npos)
        << fresh;
  const TensorFile weights = read_safetensors(path("pretrained") + "/model.safetensors");
  auto unchanged = [&](const char* name) {
    const Tensor &was = weights.tensors.at(name), &is = built.store().find(name)->value;
    return std::memcmp(was.raw(), is.raw(), static_cast<size_t>(was.bytes())) == 0;
  };
  EXPECT_TRUE(unchanged("block/1/ln2/gamma"));
  options.epochs = options.patience = 20;
  const TrainReport report = train(built, data, options);
  EXPECT_TRUE(unchanged("embedding/clicks") && unchanged("block/0/conv1/weight"));
  EXPECT_FALSE(unchanged("block/1/ln2/gamma"));
  EXPECT_GT(report.test.ranking.hr1, 0.9) << "the way round the ring tells the target";
}

TEST_F(Transfer, OtherTokensBehindTheIdsAreRefused) {
  prepare_set("own", "fine.csv", {{"split", "0.6,0.2,0.2"}});
  data = read_dataset(path("own"));
  BuiltModel built = build();
  const std::string text = message([&] { take(built); });
  EXPECT_NE(text.find("the ids of field 'clicks' stood for other tokens there; prepare the data "
                      "with --vocabulary-of "),
            std::string::npos)
      << text;
}

TEST_F(Transfer, WhatStaysFrozenMustBeInTheRun) {
  model_options.nextitnet.dilations = {1, 2, 1};
  BuiltModel built = build();
  const std::string text = message([&] { take(built); });
  EXPECT_NE(text.find("has no 'block/2/conv1/weight', which stays as it is"), std::string::npos)
      << text;
}

TEST_F(Transfer, TheBestItemsOfEachRowByName) {
  start("task");
  PatchSets sets({path("task")});
  const std::string out = path("best.csv");
  EXPECT_EQ(write_top_items(sets, data, Split::test, 7, 5, out), data.rows(Split::test));
  std::istringstream text(read_text(out));
  std::string line;
  std::getline(text, line);
  EXPECT_EQ(line, "row,rank,item,score");
  int64_t lines = 0;
  for (double before = 0; std::getline(text, line); ++lines) {
    std::replace(line.begin(), line.end(), ',', ' ');
    std::istringstream cells(line);
    int64_t row = 0, rank = 0;
    double score = 0;
    std::string item;
    cells >> row >> rank >> item >> score;
    EXPECT_EQ(row, lines / 2) << "two targets";
    EXPECT_EQ(rank, lines % 2 + 1);
    EXPECT_TRUE(item == "a" || item == "b") << item;
    if (rank == 2) {
      EXPECT_GE(before, score);
    }
    before = score;
  }
  EXPECT_EQ(lines, 2 * data.rows(Split::test));
}

// Ranking takes rows times items: data with both labels is not made to wait for it unless asked.
TEST_F(Transfer, RowsWithBothLabelsAreRankedWhereAsked) {
  prepare_set("both", "fine.csv", {{"split", "0.6,0.2,0.2"}, {"negatives", "1"}}, "source");
  data = read_dataset(path("both"));
  BuiltModel built = build();
  EXPECT_FALSE(evaluate(built, data, Split::test, 16).ranking.defined());
  EXPECT_TRUE(evaluate(built, data, Split::test, 16, Ranks::always).ranking.defined());
  options.epochs = 1;
  EXPECT_FALSE(start("by_auc").test.ranking.defined());
  options.monitor = "hr@1";
  EXPECT_TRUE(start("by_rank").test.ranking.defined());
}

// Few users have labels; all have clicks. What the clicks taught the network is worth more than the
// labels.
TEST_F(Transfer, PretrainingOnSharedUsersHelpsTheTask) {
  SharedUsersOptions users;
  users.users = 1500;
  users.tastes = 6;
  users.items = 48;
  users.targets = 8;
  users.length = 12;
  users.labelled = 80;
  simulate_shared_users_source(users, path("clicks"));
  simulate_shared_users_target(users, path("told"));
  model_options = {};
  find_model("nextitnet").preset(model_options);
  model_options.embedding_dim = 16;
  model_options.nextitnet.dilations = {1, 2};
  model_options.peter.loss = "softmax";
  options.batch_size = 32;
  options.optimizer.learning_rate = 0.01;
  auto trained = [&](const char* name, const char* model, const char* set, int64_t epochs,
                     const std::string& from) {
    data = read_dataset(path(set));
    options.model = model;
    options.data = path(set);
    options.epochs = options.patience = epochs;
    return start_from(name, from).test.ranking.hr1;
  };
  trained("network", "nextitnet", "clicks", 12, "");
  const double without = trained("zero", "peterrec", "told", 20, "");
  const double with = trained("patched", "peterrec", "told", 20, "network");
  EXPECT_GT(with, without + 0.1);
  EXPECT_LE(with, data.facts.at("best_hr1") + 0.03);
}

}  // namespace
}  // namespace ctr
