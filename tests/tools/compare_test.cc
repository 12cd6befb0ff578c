#include "io/safetensors.h"
#include "tests/tools/small_run.h"
#include "tools/compare_runs.h"

namespace ctr {
namespace {

class Compare : public SmallRuns {
 protected:
  void SetUp() override {
    SmallRuns::SetUp();
    options.max_steps = 10;
    start("a");
  }
  RunComparison with_b() {
    start("b");
    return compare_runs(path("a"), path("b"));
  }
};

TEST_F(Compare, TheSameRunIsTheSame) {
  RunComparison found = with_b();
  EXPECT_TRUE(found.equal());
  EXPECT_TRUE(found.options.empty());
  EXPECT_EQ(found.lines, 10 + 3 + 2);  // steps, digests, epochs
  EXPECT_GT(found.tensors, 5);
}
TEST_F(Compare, NamesTheOptionAndTheFirstStep) {
  options.optimizer.learning_rate = 0.011;
  RunComparison found = with_b();
  EXPECT_EQ(found.options, std::vector<std::string>{"learning_rate: 0.01 | 0.011"});
  EXPECT_EQ(found.log, "step 1 of epoch 1: learning_rate 0.01 | 0.011");
  EXPECT_EQ(found.weights.substr(0, 44), "'linear/user': largest absolute difference 0");
  EXPECT_FALSE(found.equal());
}
TEST_F(Compare, OptionsThatChangeNothingAreNoDifference) {
  options.workers = 0;
  RunComparison found = with_b();
  EXPECT_EQ(found.options, std::vector<std::string>{"workers: 1 | 0"});
  EXPECT_TRUE(found.equal());
}
TEST_F(Compare, DigestsNameTheFirstTensor) {
  start("b");
  std::string log = read_text(path("b") + "/log.jsonl");
  const size_t at = log.find("\"mlp/0/weight\":\"", log.find("\"digest\",\"step\":6")) + 16;
  log[at] = log[at] == '0' ? '1' : '0';
  write_text_atomically(path("b") + "/log.jsonl", log);
  RunComparison found = compare_runs(path("a"), path("b"));
  EXPECT_EQ(found.log.substr(0, 33), "step 6: digests of mlp/0/weight \"");
}
TEST_F(Compare, NamesTheFirstTensorInTheModelsOrder) {
  start("b");
  const std::string file = path("b") + "/model.safetensors";
  TensorFile tensors = read_safetensors(file);
  tensors.tensors.at("mlp/0/weight").data<float>()[2] += 0.25f;
  tensors.tensors.at("embedding/user").data<float>()[1] += 0.5f;
  write_safetensors(file, tensors.tensors, {});
  RunComparison found = compare_runs(path("a"), path("b"));
  EXPECT_EQ(found.log, "");
  EXPECT_EQ(found.weights, "'embedding/user': largest absolute difference 0.5");
}
TEST_F(Compare, RefusesALogThatIsNone) {
  start("b");
  write_text_atomically(path("b") + "/log.jsonl", "{\"event\":\"step\",\"step\":1}\nnothing\n");
  EXPECT_NE(message([&] {
              compare_runs(path("a"), path("b"));
            }).find("log.jsonl:2: expected an object with 'event' and 'step', found 'nothing'"),
            std::string::npos);
}

}  // namespace
}  // namespace ctr
