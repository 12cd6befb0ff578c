#include "io/prepare/numbers.h"

#include <charconv>
#include <cmath>

namespace ctr {
namespace {

template <class Number>
bool parse(std::string_view text, Number& number) {
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  return code == std::errc() && end == text.data() + text.size();
}

}  // namespace

bool parse_whole(std::string_view text, int64_t& number) { return parse(text, number); }
bool parse_finite(std::string_view text, double& number) {
  return parse(text, number) && std::isfinite(number);
}

}  // namespace ctr
