#pragma once
// What is wrong in raw input, and what to do about it.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace ctr {

// A place in a raw file. Lines and columns count from 1; column 0 is the whole line.
struct Place {
  std::string file;
  int64_t line = 0;
  int64_t column = 0;

  std::string text() const;  // "clicks.csv:17:4"
};

// A piece of input for a message: 'text', cut after sixty characters; "nothing" when empty.
std::string quoted(std::string_view text);

enum class BadLinePolicy : uint8_t { error, skip };

// Collects bad lines. Under `error` the first one throws kind data: "FILE:LINE:COLUMN: expected
// EXPECTED, found FOUND; ADVICE". Under `skip` they are counted by file, and the first ten messages
// kept.
class BadLines {
 public:
  explicit BadLines(BadLinePolicy policy) : policy_(policy) {}

  void report(const Place& place, std::string_view expected, std::string_view found,
              std::string_view advice = "");
  // The second pass over the same input reports nothing anew.
  void mute() { muted_ = true; }
  // For work on another thread: the same policy and no lines yet; absorb() adds what it collected.
  BadLines fresh() const;
  void absorb(const BadLines& other);

  int64_t count() const { return count_; }
  const std::map<std::string, int64_t>& by_file() const { return by_file_; }
  const std::vector<std::string>& examples() const { return examples_; }

 private:
  BadLinePolicy policy_;
  bool muted_ = false;
  int64_t count_ = 0;
  std::map<std::string, int64_t> by_file_;
  std::vector<std::string> examples_;
};

}  // namespace ctr
