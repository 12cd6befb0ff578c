// Training runs with replayed rows: those of `dense`, byte for byte.

#include "io/safetensors.h"
#include "tests/tools/small_run.h"
#include "tools/compare_runs.h"

namespace ctr {
namespace {

class ReplayRuns : public SmallRuns {
 protected:
  void SetUp() override {
    SmallRuns::SetUp();
    options.digest_steps = 3;
    options.checkpoint_steps = 5;
    options.schedule.kind = "plateau";
    options.monitor = "logloss";
    options.patience = 9;
    options.optimizer.learning_rate = 0.05;  // overfits: the rate is cut
  }
  void start_as(const std::string& update) {
    options.optimizer.update = update;
    start(update);
  }
  // Weights and optimizer state of the last checkpoint, but for the norms of bounds.
  std::map<std::string, Tensor> last(const std::string& run) {
    const std::string latest = read_text(path(run) + "/checkpoint/latest");
    const std::string folder = path(run) + "/checkpoint/" + latest.substr(0, latest.size() - 1);
    std::map<std::string, Tensor> all = read_safetensors(folder + "/model.safetensors").tensors;
    for (auto& [name, tensor] : read_safetensors(folder + "/optimizer.safetensors").tensors) {
      if (!name.ends_with(":norms")) all["state of " + name] = tensor;
    }
    return all;
  }
  void expect_same_as_dense(const std::string& run) {
    const auto dense = last("dense"), replay = last(run);
    ASSERT_EQ(dense.size(), replay.size());
    for (const auto& [name, tensor] : dense) {
      const Tensor& other = replay.at(name);
      ASSERT_EQ(tensor.bytes(), other.bytes()) << name;
      EXPECT_EQ(std::memcmp(tensor.raw(), other.raw(), static_cast<size_t>(tensor.bytes())), 0)
          << name;
    }
    EXPECT_EQ(read_text(path("dense") + "/model.safetensors"),
              read_text(path(run) + "/model.safetensors"));
    EXPECT_EQ(read_text(path("dense") + "/metrics.csv").size(),
              read_text(path(run) + "/metrics.csv").size());
  }
};

TEST_F(ReplayRuns, EqualDenseOnesWithTheirLogs) {
  options.clip_norm = 0.2;
  start_as("dense");
  start_as("replay");
  expect_same_as_dense("replay");
  const RunComparison found = compare_runs(path("dense"), path("replay"));
  EXPECT_GT(found.lines, 40);
  EXPECT_EQ(found.log, "");  // losses, norms, digests, metrics
  EXPECT_EQ(found.weights, "");
}
TEST_F(ReplayRuns, EqualDenseOnesWithPenaltiesAndClipping) {
  options.optimizer.l2 = {0.01, 0.001};
  options.clip_norm = 0.2;
  options.accumulate = 3;
  start_as("dense");
  start_as("replay");
  expect_same_as_dense("replay");
}
TEST_F(ReplayRuns, GoOnWhereTheyStopped) {
  options.optimizer.update = "replay";
  options.optimizer.l2 = {0.01, 0};
  options.clip_norm = 0.7;
  options.max_steps = 24;
  const TrainReport whole = start("whole");
  for (const int64_t first : {8, 11, 13}) {  // the end of an epoch, and inside one
    const std::string name = "parts" + std::to_string(first);
    options.max_steps = first;
    start(name);
    options.max_steps = 24;
    const TrainReport parts = resume(name);
    EXPECT_EQ(whole.measured, parts.measured);
    const RunComparison found = compare_runs(path("whole"), path(name));
    EXPECT_GT(found.lines, 0);
    EXPECT_EQ(found.log, "") << name;
    EXPECT_EQ(found.weights, "") << name;
    for (const char* file : {"/model.safetensors", "/optimizer.safetensors"}) {
      EXPECT_EQ(read_text(path("whole") + "/checkpoint/step-24" + file),
                read_text(path(name) + "/checkpoint/step-24" + file))
          << name << file;
    }
  }
  EXPECT_GT(whole.measured, 0);
  EXPECT_LT(whole.measured, 24);
}
TEST_F(ReplayRuns, TellOfTheStepsThatMeasured) {
  options.optimizer.update = "replay";
  options.optimizer.l2 = {0.01, 0};
  options.clip_norm = 1e-4;
  options.max_steps = 8;
  EXPECT_EQ(start("run").measured, 8);
  EXPECT_NE(read_text(path("run") + "/log.jsonl").find("\"measured_norms\":8"), std::string::npos);
  EXPECT_NE(read_text(path("run") + "/metrics.json").find("\"measured_norms\": 8"),
            std::string::npos);
}

}  // namespace
}  // namespace ctr
