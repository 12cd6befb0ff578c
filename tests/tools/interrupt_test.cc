// The program under signals, as a user sends them.

#include <fcntl.h>
#include <sys/wait.h>

#include <chrono>
#include <csignal>
#include <thread>

#include "tests/tools/small_run.h"
#include "tools/compare_runs.h"

namespace ctr {
namespace {

class Signals : public SmallRuns {
 protected:
  // Starts the program with these words; its output goes to the file `out`.
  pid_t launch(std::vector<std::string> words) {
    const pid_t child = fork();
    if (child != 0) return child;
    const int output = open(path("out").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0666);
    dup2(output, 1);
    dup2(output, 2);
    words.insert(words.begin(), CTR_PROGRAM);
    std::vector<char*> pointers;
    for (std::string& word : words) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    execv(CTR_PROGRAM, pointers.data());
    _exit(127);
  }
  std::vector<std::string> command(const std::string& run) {
    return {
        "train",           "--data",        path("data"),          "--model",      "mlp",
        "--run-dir",       path(run),       "--baselines=false",   "--epochs=400", "--patience=400",
        "--batch-size=64", "--log-steps=1", "--checkpoint-steps=2"};
  }
  // Waits until the log holds a line of step `step`.
  void wait_for_step(const std::string& run, int step) {
    const std::string mark = "\"step\":" + std::to_string(step) + ",";
    for (int i = 0; i < 2000; ++i) {
      const std::string log = path(run) + "/log.jsonl";
      if (std::filesystem::exists(log) && read_text(log).find(mark) != std::string::npos) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    FAIL() << read_text(path("out"));
  }
  static int wait_for(pid_t child) {
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
  int finish(const std::string& run, const std::string& epochs) {
    return wait_for(
        launch({"train", "--resume", path(run), "--epochs", epochs, "--baselines=false"}));
  }
};

TEST_F(Signals, EachSaysHowToGoOn) {
  for (int signal : {SIGINT, SIGTERM}) {
    const std::string run = "run" + std::to_string(signal);
    const pid_t child = launch(command(run));
    wait_for_step(run, 6);
    kill(child, signal);
    EXPECT_EQ(wait_for(child), 130);
    const std::string text = read_text(path("out"));
    EXPECT_NE(text.find("interrupted after step"), std::string::npos) << text;
    EXPECT_NE(text.find("go on with `ctrengine train --resume " + path(run) + "`"),
              std::string::npos)
        << text;
  }
}

TEST_F(Signals, AKilledRunEndsWithTheSameBits) {
  std::vector<std::string> whole = command("whole");
  whole[8] = "--epochs=30";
  ASSERT_EQ(wait_for(launch(whole)), 0) << read_text(path("out"));
  for (int step : {9, 33}) {
    std::filesystem::remove_all(path("parts"));
    const pid_t child = launch(command("parts"));
    wait_for_step("parts", step);
    kill(child, SIGKILL);
    EXPECT_EQ(wait_for(child), -SIGKILL);
    ASSERT_EQ(finish("parts", "30"), 0) << read_text(path("out"));
    EXPECT_NE(read_text(path("out")).find("resumed   from step "), std::string::npos);
    RunComparison found = compare_runs(path("whole"), path("parts"));
    EXPECT_EQ(found.log, "");
    EXPECT_EQ(found.weights, "");
    EXPECT_GT(found.tensors, 0);
  }
}

TEST_F(Signals, ASweepGoesOnByTheSameCommand) {
  const std::vector<std::string> sweep = {
      "sweep",         "--data", path("data"),  "--model=mlp",   "--seeds=1,2",    "--epochs=60",
      "--patience=60", "--out",  path("sweep"), "--log-steps=1", "--batch-size=16"};
  const pid_t child = launch(sweep);
  wait_for_step("sweep/model=mlp_seed=2", 6);
  kill(child, SIGINT);
  EXPECT_EQ(wait_for(child), 130) << read_text(path("out"));
  EXPECT_NE(read_text(path("out")).find("interrupted with 1 of 2 runs in "), std::string::npos)
      << read_text(path("out"));
  EXPECT_EQ(wait_for(launch(sweep)), 0) << read_text(path("out"));
  const std::string text = read_text(path("out"));
  EXPECT_NE(text.find("found     1 runs done, which are skipped; 1 begun, which go on; 0 new"),
            std::string::npos)
      << text;
  EXPECT_EQ(text.find("[1/2]"), std::string::npos) << text;
  EXPECT_NE(text.find("[2/2] model=mlp_seed=2  best epoch "), std::string::npos) << text;
}

}  // namespace
}  // namespace ctr
