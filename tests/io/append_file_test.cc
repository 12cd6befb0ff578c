#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include <gtest/gtest.h>

#include "engine/error.h"
#include "io/file.h"

namespace ctr {
namespace {

class Append : public testing::Test {
 protected:
  std::string path = testing::TempDir() + "/append-" + std::to_string(getpid());
  void TearDown() override { std::filesystem::remove(path); }
};

TEST_F(Append, GoesOnAfterWhatIsThere) {
  AppendFile(path).append("one\n");
  AppendFile(path).append("two\nthree\n");
  EXPECT_EQ(read_text(path), "one\ntwo\nthree\n");
}
TEST_F(Append, DropsATornLine) {
  write_text_atomically(path, "one\ntw");
  EXPECT_EQ(AppendFile(path).size(), 4);
  EXPECT_EQ(read_text(path), "one\n");
}
TEST_F(Append, CutsWhatCameLater) {
  write_text_atomically(path, "one\ntwo\nthree\n");
  AppendFile(path, 8).append("3\n");
  EXPECT_EQ(read_text(path), "one\ntwo\n3\n");
  EXPECT_EQ(AppendFile(path, 100).size(), 10);
  EXPECT_EQ(AppendFile(path, 0).size(), 0);
}

class HalfWrite : public WriteSink {
 public:
  int64_t write(int descriptor, const void* data, size_t bytes, int64_t offset) override {
    if (bytes == 1 || full_) {
      errno = ENOSPC;
      return -1;
    }
    full_ = true;
    return WriteSink::write(descriptor, data, bytes / 2, offset);
  }

 private:
  bool full_ = false;
};

TEST_F(Append, LeavesNoHalfLineOnAFullDisk) {
  AppendFile file(path);
  file.append("one\n");
  HalfWrite sink;
  WriteSinkScope scope(sink);
  EXPECT_THROW(file.append("a longer line\n"), Error);
  EXPECT_EQ(read_text(path), "one\n");
}

}  // namespace
}  // namespace ctr
