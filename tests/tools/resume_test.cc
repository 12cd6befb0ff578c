// Training that stops and goes on gives the bits of training that never stopped, whatever happened
// to the files in between.

#include <algorithm>
#include <cerrno>
#include <fstream>

#include "tests/tools/small_run.h"
#include "tools/compare_runs.h"

namespace ctr {
namespace {

namespace fs = std::filesystem;

class Resume : public SmallRuns {
 protected:
  // Weights, optimizer state and log of two runs that ended at the same step.
  void expect_same(const std::string& a, const std::string& b) {
    RunComparison found = compare_runs(path(a), path(b));
    EXPECT_GT(found.lines, 0);
    EXPECT_GT(found.tensors, 0);
    EXPECT_EQ(found.log, "");
    EXPECT_EQ(found.weights, "");
    const std::string latest = read_text(path(a) + "/checkpoint/latest");
    EXPECT_EQ(latest, read_text(path(b) + "/checkpoint/latest"));
    const std::string folder = "/checkpoint/" + latest.substr(0, latest.size() - 1);
    for (const char* file : {"/model.safetensors", "/optimizer.safetensors"}) {
      EXPECT_EQ(read_text(path(a) + folder + file), read_text(path(b) + folder + file)) << file;
    }
    auto lines = [](const std::string& text) { return std::count(text.begin(), text.end(), '\n'); };
    for (const char* log : {"/log.jsonl", "/metrics.csv"})
      EXPECT_EQ(lines(read_text(path(a) + log)), lines(read_text(path(b) + log))) << log;
  }

  // 24 steps at once against `first` steps and the rest.
  void expect_exact(int64_t first) {
    options.max_steps = 24;
    start("whole");
    options.max_steps = first;
    start("parts");
    options.max_steps = 24;
    resume("parts");
    expect_same("whole", "parts");
  }
};

TEST_F(Resume, AtTheEndOfAnEpoch) { expect_exact(8); }
TEST_F(Resume, InsideAnEpoch) { expect_exact(11); }
TEST_F(Resume, WithEveryOption) {
  options.optimizer.update = "dense";
  options.optimizer.l2 = {0.01, 0.001};
  options.clip_norm = 0.05;
  options.accumulate = 3;  // 3 steps an epoch, the last of 2 batches
  options.schedule.kind = "plateau";
  options.schedule.warmup_steps = 4;
  options.workers = 2;
  options.checkpoint_steps = 2;
  options.epochs = 9;
  expect_exact(13);
}
// Hash coefficients and running statistics are part of what goes on.
TEST_F(Resume, WithDeepHashEmbeddings) {
  model_options.embedding.kind = "dhe";
  model_options.embedding.dhe_hashes = 8;
  model_options.embedding.dhe_decoder_units = {6};
  expect_exact(11);
}
TEST_F(Resume, ACosineOfItsOwnLength) {
  options.schedule.kind = "cosine";
  options.schedule.steps = 20;
  expect_exact(11);
}
TEST_F(Resume, ACountingModel) {
  options.model = "popularity";
  options.max_steps = 8;
  start("whole");
  options.max_steps = 3;
  start("parts");
  options.max_steps = 8;
  resume("parts");
  expect_same("whole", "parts");
}

TEST_F(Resume, AfterAStop) {
  start("whole");
  int64_t steps = 0;
  TrainReport report =
      start("parts", [&](TrainEvents& events) { events.stop = [&] { return ++steps == 13; }; });
  EXPECT_TRUE(report.interrupted);
  EXPECT_EQ(report.steps, 13);
  EXPECT_FALSE(fs::exists(path("parts") + "/model.safetensors"));
  EXPECT_FALSE(resume("parts").interrupted);
  expect_same("whole", "parts");
}

TEST_F(Resume, AFinishedRunAddsNothing) {
  options.max_steps = 11;
  TrainReport first = start("whole");
  start("parts");
  TrainReport again = resume("parts");
  EXPECT_EQ(first.test.auc, again.test.auc);
  EXPECT_EQ(first.best_epoch, again.best_epoch);
  expect_same("whole", "parts");
}

TEST_F(Resume, KeepsTheBestWeightsAndTwoMore) {
  options.epochs = 8;
  options.patience = 8;
  options.monitor = "logloss";
  options.optimizer.learning_rate = 0.2;  // overfits soon
  TrainReport report = start("whole");
  ASSERT_LT(report.best_epoch, 6);
  std::vector<std::string> kept;
  for (const auto& entry : fs::directory_iterator(path("whole") + "/checkpoint"))
    kept.push_back(entry.path().filename().string());
  std::sort(kept.begin(), kept.end());
  std::vector<std::string> expected = {"latest", fmt::format("step-{}", 8 * report.best_epoch),
                                       "step-56", "step-64"};
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(kept, expected);
  options.epochs = 6;
  start("parts");
  options.epochs = 8;
  resume("parts");
  expect_same("whole", "parts");
}

// A disk that is full after some bytes.
class FullDisk : public WriteSink {
 public:
  explicit FullDisk(int64_t bytes) : left_(bytes) {}
  int64_t write(int descriptor, const void* data, size_t bytes, int64_t offset) override {
    const auto part = std::min<int64_t>(static_cast<int64_t>(bytes), left_);
    if (part == 0) {
      errno = ENOSPC;
      return -1;
    }
    left_ -= part;
    return WriteSink::write(descriptor, data, static_cast<size_t>(part), offset);
  }
  int64_t left() const { return left_; }

 private:
  int64_t left_;
};

TEST_F(Resume, AfterAFullDiskAtAnyByte) {
  options.epochs = 2;
  options.checkpoint_steps = 3;
  start("whole");
  FullDisk endless(int64_t{1} << 40);
  {
    WriteSinkScope scope(endless);
    start("count");
  }
  const int64_t all = (int64_t{1} << 40) - endless.left();
  int failed = 0;
  for (int64_t bytes = 700; bytes < all; bytes += all / 23) {
    fs::remove_all(path("parts"));
    try {
      FullDisk full(bytes);
      WriteSinkScope scope(full);
      start("parts");
    } catch (const Error& error) {
      ++failed;
      EXPECT_EQ(error.kind(), ErrorKind::io) << error.what();
    }
    if (!fs::exists(path("parts") + "/config.json")) continue;  // not even that fitted
    resume("parts");
    EXPECT_TRUE(notes.empty()) << notes[0];
    expect_same("whole", "parts");
  }
  EXPECT_GT(failed, 15);
}

class Damage : public Resume {
 protected:
  void SetUp() override {
    Resume::SetUp();
    options.epochs = 3;
    options.checkpoint_steps = 3;
    start("whole");
    options.max_steps = 14;
    start("parts");  // step-12 and step-14 stay, and step-8, the best
    options.max_steps = 0;
  }
  std::string file(const std::string& name) { return path("parts") + "/checkpoint/" + name; }

  static void flip(const std::string& path, double where) {
    std::string bytes = read_text(path);
    bytes[static_cast<size_t>(where * static_cast<double>(bytes.size() - 1))] ^= 0x10;
    write_text_atomically(path, bytes);
  }
  void expect_fallback(const std::string& reason) {
    resume("parts");
    ASSERT_EQ(notes.size(), 1u);
    EXPECT_NE(notes[0].find("checkpoint " + file("step-14") + " cannot be used: "),
              std::string::npos)
        << notes[0];
    EXPECT_NE(notes[0].find(reason), std::string::npos) << notes[0];
    expect_same("whole", "parts");
  }
};

TEST_F(Damage, AFlippedBitOfTheWeights) {
  flip(file("step-14/model.safetensors"), 0.7);
  expect_fallback("model.safetensors: the checksum does not fit");
}
TEST_F(Damage, AFlippedBitOfTheOptimizer) {
  flip(file("step-14/optimizer.safetensors"), 0.7);
  expect_fallback("optimizer.safetensors: the checksum does not fit");
}
TEST_F(Damage, AnyFlippedBitOfTheState) {
  const std::string whole = read_text(file("step-14/state.json"));
  for (int i = 1; i < 20; ++i) {
    write_text_atomically(file("step-14/state.json"), whole);
    flip(file("step-14/state.json"), i / 20.0);
    if (read_text(file("step-14/state.json")) == whole) continue;
    RunDirectory directory = RunDirectory::open(path("parts"));
    notes.clear();
    std::optional<TrainSnapshot> from = directory.load(data, options, model_options, notes);
    ASSERT_TRUE(from);
    EXPECT_EQ(from->state.step, notes.empty() ? 14 : 12) << i;
    EXPECT_EQ(notes.size(), 1u) << i;
  }
}
TEST_F(Damage, AFileCutShort) {
  fs::resize_file(file("step-14/optimizer.safetensors"), 200);
  expect_fallback("the checksum does not fit");
}
TEST_F(Damage, AMissingFile) {
  fs::remove(file("step-14/state.json"));
  expect_fallback("cannot open");
}
TEST_F(Damage, ATornLogLineIsDropped) {
  std::ofstream(path("parts") + "/log.jsonl", std::ios::app) << R"({"event":"step","st)";
  resume("parts");
  expect_same("whole", "parts");
}
TEST_F(Damage, WhatACrashLeftIsRemoved) {
  fs::create_directory(file("step-15.tmp-1-1"));
  resume("parts");
  EXPECT_FALSE(fs::exists(file("step-15.tmp-1-1")));
}
TEST_F(Damage, NothingWholeIsSaid) {
  for (const auto& entry : fs::directory_iterator(path("parts") + "/checkpoint")) {
    if (entry.is_directory()) flip(entry.path().string() + "/model.safetensors", 0.5);
  }
  EXPECT_NE(message([&] { resume("parts"); }).find("no checkpoint is whole; train anew"),
            std::string::npos);
}

TEST_F(Resume, RefusesOtherMathematics) {
  options.max_steps = 3;
  start("parts");
  options.batch_size = 16;
  options.optimizer.learning_rate = 0.02;
  model_options.dropout = 0;
  EXPECT_EQ(
      message([&] { resume("parts"); }),
      "train: a resumed run must keep its options; changed: batch_size (was 32, is 16), "
      "learning_rate (was 0.01, is 0.02), dropout (was 0.2, is 0.0); leave them out, or begin "
      "a new run with --config " +
          path("parts"));
}
TEST_F(Resume, RefusesToStretchACosine) {
  options.schedule.kind = "cosine";
  options.max_steps = 3;
  start("parts");
  options.max_steps = 6;
  EXPECT_NE(message([&] { resume("parts"); }).find("changed: max_steps (was 3, is 6)"),
            std::string::npos);
}
TEST_F(Resume, RefusesOtherData) {
  options.max_steps = 3;
  start("parts");
  data = make_data("longer", [](Columns& rows) { rows = small_run_rows(kRows + 1, 1); });
  EXPECT_NE(message([&] { resume("parts"); }).find("is not the one that"), std::string::npos);
}
TEST_F(Resume, RefusesWhatIsNoRun) {
  EXPECT_NE(message([&] { resume("nothing"); }).find("holds no run to resume"), std::string::npos);
  start("parts");
  EXPECT_NE(message([&] { start("parts"); }).find("go on with it by --resume"), std::string::npos);
}

}  // namespace
}  // namespace ctr
