// Several tasks on one copy of the network that they were fine-tuned from.

#include "tools/patch_sets.h"

#include <sstream>

#include "io/shared_users.h"
#include "tests/message.h"
#include "tests/tools/small_run.h"
#include "tools/top_predictions.h"

namespace ctr {
namespace {

// One task of eight targets, another of five, of the same users.
class PatchSetRuns : public SmallRuns {
 protected:
  void SetUp() override {
    SmallRuns::SetUp();
    users.users = 200;
    users.tastes = 4;
    users.items = 32;
    users.length = 8;
    users.labelled = 60;
    simulate_shared_users_source(users, path("clicks"));
    told("eight", 8);
    told("five", 5);
    find_model("nextitnet").preset(model_options);
    model_options.embedding_dim = 8;
    model_options.nextitnet.dilations = {1, 2};
    model_options.peter.loss = "softmax";
    options.batch_size = 32;
    options.epochs = options.patience = 2;
    trained("network", "nextitnet", "clicks", "");
    trained("a", "peterrec", "eight", "network");
    options.seed = 2;
    trained("b", "peterrec", "five", "network");
  }

  void told(const std::string& name, int64_t targets) {
    users.targets = targets;
    simulate_shared_users_target(users, path(name));
  }

  void trained(const std::string& name, const char* model, const std::string& set,
               const std::string& from) {
    data = read_dataset(path(set));
    options.model = model;
    options.data = path(set);
    start_from(name, from);
  }

  std::string best(const std::vector<std::string>& runs) {
    PatchSets sets(runs);
    write_top_items(sets, sets.first().data, Split::test, 16, 3, path("best.csv"));
    return read_text(path("best.csv"));
  }
  std::string refused(const std::string& other) {
    return message([&] { PatchSets({path("a"), path(other)}); });
  }

  SharedUsersOptions users;
};

TEST_F(PatchSetRuns, TasksTellWhatTheyTellAlone) {
  std::istringstream together(best({path("a"), path("b")}));
  std::istringstream a(best({path("a")})), b;
  {
    PatchSets sets({path("b")});  // on a's rows
    write_top_items(sets, read_dataset(path("eight")), Split::test, 16, 3, path("b.csv"));
    b.str(read_text(path("b.csv")));
  }
  std::string line, alone;
  std::getline(together, line);
  EXPECT_EQ(line, "task,row,rank,item,score");
  std::getline(a, alone);
  std::getline(b, alone);
  int64_t lines = 0;
  for (; std::getline(together, line); ++lines) {
    ASSERT_TRUE(line.starts_with("a,") || line.starts_with("b,")) << line;
    ASSERT_TRUE(std::getline(line[0] == 'a' ? a : b, alone));
    EXPECT_EQ(line.substr(2), alone);
  }
  EXPECT_EQ(lines, 2 * 3 * data.rows(Split::test));
}

TEST_F(PatchSetRuns, TheNetworkIsHeldOnce) {
  PatchSets sets({path("a"), path("b")});
  const ParameterStore& store = sets.first().built->store();
  const void* frozen = store.find("block/0/conv1/weight")->value.raw();
  sets.use(1);
  EXPECT_EQ(store.find("target/weight")->value.raw(), sets.tasks()[1].own.at("target/weight").raw())
      << "handles are put in, no number is copied";
  EXPECT_EQ(store.find("block/0/conv1/weight")->value.raw(), frozen);
  int64_t frozen_bytes = 0;
  for (const auto& parameter : store.all())
    if (parameter->frozen) frozen_bytes += parameter->value.bytes();
  EXPECT_EQ(sets.shared_bytes(), frozen_bytes);
  EXPECT_FALSE(sets.tasks()[1].own.contains("block/0/conv1/weight"));
  EXPECT_GT(sets.tasks()[0].own_bytes, sets.tasks()[1].own_bytes) << "eight targets beside five";
}

TEST_F(PatchSetRuns, OtherNetworksAreRefused) {
  trained("elsewhere", "nextitnet", "clicks", "");
  trained("c", "peterrec", "five", "elsewhere");
  EXPECT_NE(refused("c").find("fine-tune both from the same run"), std::string::npos)
      << refused("c");
  model_options.peter.insertion = "serial1";
  trained("d", "peterrec", "five", "network");
  EXPECT_NE(refused("d").find("has --peter-insertion serial1"), std::string::npos) << refused("d");
  EXPECT_NE(refused("network").find("is a nextitnet"), std::string::npos) << refused("network");
  EXPECT_NE(refused("a").find("two tasks are called 'a'"), std::string::npos) << refused("a");
}

TEST_F(PatchSetRuns, ANetworkTrainedWholeSharesNothing) {
  model_options.peter.insertion = "none";
  model_options.peter.train = "all";
  trained("all", "peterrec", "five", "network");
  const std::string text = message([&] { PatchSets({path("all"), path("b")}); });
  EXPECT_NE(text.find("trains all of its network and shares none"), std::string::npos) << text;
}

}  // namespace
}  // namespace ctr
