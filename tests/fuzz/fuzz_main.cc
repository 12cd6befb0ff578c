// Runs a fuzz target over the files of a corpus, each whole, cut at every 64th byte, and with
// single bytes changed: fuzz_NAME CORPUS_DIRECTORY

#include <cstdio>
#include <filesystem>

#include "io/file.h"
#include "tests/fuzz/fuzz.h"

namespace {

void feed(const std::string& bytes) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
}

}  // namespace

int main(int count, char** words) {
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(count > 1 ? words[1] : ".")) {
    const std::string bytes = ctr::read_text(entry.path().string());
    feed(bytes);
    for (size_t end = 0; end < bytes.size(); end += 64) feed(bytes.substr(0, end));
    for (size_t at = 0; at < bytes.size(); at += 1 + bytes.size() / 200) {
      for (char change : {'\1', '\x80', '\xff'}) {
        std::string changed = bytes;
        changed[at] = static_cast<char>(changed[at] ^ change);
        feed(changed);
      }
    }
    ++files;
  }
  std::printf("%d files\n", files);
  return files > 0 ? 0 : 1;
}
