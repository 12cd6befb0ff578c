#include "io/prepare/bad_lines.h"

#include "engine/check.h"

namespace ctr {
namespace {

constexpr size_t kMostExamples = 10;

}  // namespace

std::string Place::text() const {
  std::string result = file;
  if (line > 0) result += fmt::format(":{}", line);
  if (line > 0 && column > 0) result += fmt::format(":{}", column);
  return result;
}

std::string quoted(std::string_view text) {
  constexpr size_t kMost = 60;
  if (text.empty()) return "nothing";
  return fmt::format("'{}{}'", text.substr(0, kMost), text.size() > kMost ? "…" : "");
}

BadLines BadLines::fresh() const {
  BadLines result(policy_);
  result.muted_ = muted_;
  return result;
}

void BadLines::absorb(const BadLines& other) {
  count_ += other.count_;
  for (const auto& [file, count] : other.by_file_) by_file_[file] += count;
  for (const std::string& example : other.examples_) {
    if (examples_.size() < kMostExamples) examples_.push_back(example);
  }
}

void BadLines::report(const Place& place, std::string_view expected, std::string_view found,
                      std::string_view advice) {
  if (muted_) return;
  std::string message = fmt::format("{}: expected {}, found {}", place.text(), expected, found);
  if (!advice.empty()) message += fmt::format("; {}", advice);
  if (policy_ == BadLinePolicy::error)
    fail(ErrorKind::data, "{} (--on-bad-line skip leaves such lines out)", message);
  ++count_;
  ++by_file_[place.file];
  if (examples_.size() < kMostExamples) examples_.push_back(message);
}

}  // namespace ctr
