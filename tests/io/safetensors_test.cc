#include "io/safetensors.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <functional>

#include <gtest/gtest.h>

#include "engine/error.h"
#include "io/file.h"
#include "tests/message.h"

namespace ctr {
namespace {

class Files : public testing::Test {
 protected:
  std::string folder = testing::TempDir() + "/files-" + std::to_string(getpid());
  void SetUp() override { std::filesystem::create_directories(folder); }
  void TearDown() override { std::filesystem::remove_all(folder); }

  // A file with this header and `bytes` of data.
  std::string raw(const std::string& header, size_t bytes) {
    uint64_t length = header.size();
    std::string text(reinterpret_cast<const char*>(&length), 8);
    write_text_atomically(folder + "/raw", text + header + std::string(bytes, 'x'));
    return folder + "/raw";
  }
};

TEST_F(Files, TensorsComeBackAsTheyWere) {
  std::string path = folder + "/a.safetensors";
  std::map<std::string, Tensor> tensors{
      {"a", Tensor::from<float>({2, 2}, std::vector<float>{1, 2, 3, 4})},
      {"empty", Tensor({0, 3}, DType::f64)},
      {"ids", Tensor::from<int64_t>({2}, std::vector<int64_t>{7, -1})}};
  write_safetensors(path, tensors, {{"format", "x"}});
  TensorFile file = read_safetensors(path);
  EXPECT_EQ(file.metadata.at("format"), "x");
  for (const auto& [name, tensor] : tensors) {
    EXPECT_EQ(file.at(name).shape(), tensor.shape());
    EXPECT_EQ(std::memcmp(file.at(name).raw(), tensor.raw(), static_cast<size_t>(tensor.bytes())),
              0);
  }
}

TEST_F(Files, HostileHeadersAreRefused) {
  struct Case {
    const char* header;
    size_t bytes;
    const char* reason;
  };
  for (const Case& c : std::initializer_list<Case>{
           {"{", 0, "no JSON object"},
           {"[]", 0, "no JSON object"},
           {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 4, "may be cut short"},
           {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 9,
            "1 bytes follow the last tensor"},
           {R"({"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})", 8,
            "needs 12 bytes, has 8"},
           {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})", 8,
            "begins at 4 where 0 was expected"},
           {R"({"a":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]}})", 4, "has type"},
           {R"({"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})", 4, "has shape"},
           {R"({"a":{"dtype":"F32","shape":[1099511627776,1099511627776],"data_offsets":[0,4]}})",
            4, "too large"},
           {R"({"a":{"shape":[1],"data_offsets":[0,4]}})", 4,
            "needs dtype, shape and data_offsets"}}) {
    std::string path = raw(c.header, c.bytes);
    EXPECT_NE(message([&] { read_safetensors(path); }).find(c.reason), std::string::npos)
        << c.header;
  }
  write_text_atomically(folder + "/short", "abc");
  EXPECT_NE(message([&] { read_safetensors(folder + "/short"); }).find("too few"),
            std::string::npos);
}

// Takes `left` bytes, then says that the disk is full.
class FullDisk : public WriteSink {
 public:
  explicit FullDisk(size_t left) : left_(left) {}
  int64_t write(int descriptor, const void* data, size_t bytes, int64_t offset) override {
    if (left_ == 0) {
      errno = ENOSPC;
      return -1;
    }
    int64_t taken = WriteSink::write(descriptor, data, std::min(bytes, left_), offset);
    left_ -= static_cast<size_t>(taken);
    return taken;
  }

 private:
  size_t left_;
};

TEST_F(Files, AFullDiskLeavesTheOldFile) {
  std::string path = folder + "/kept";
  write_text_atomically(path, "old");
  for (size_t room : {size_t{0}, size_t{1}, size_t{5}}) {
    FullDisk disk(room);
    WriteSinkScope scope(disk);
    EXPECT_NE(
        message([&] { write_text_atomically(path, "a longer text"); }).find("free some space"),
        std::string::npos);
  }
  EXPECT_EQ(read_text(path), "old");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder), {}), 1);
}

TEST_F(Files, DamagedNumbersAreSeen) {
  const std::string path = folder + "/a.safetensors";
  write_safetensors(path, {{"a", Tensor::full({8}, DType::f32, 1)}}, {});
  std::string bytes = read_text(path);
  bytes[bytes.size() - 3] ^= 1;
  write_text_atomically(path, bytes);
  EXPECT_NE(message([&] { read_safetensors(path); }).find("its numbers are damaged"),
            std::string::npos);
}

}  // namespace
}  // namespace ctr
