#include "engine/nearest.h"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace ctr {
namespace {

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

// Optimal string alignment distance, row by row of the usual table.
size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<size_t> before_last(b.size() + 1);
  std::vector<size_t> last(b.size() + 1);
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      size_t substitution = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({substitution, last[j] + 1, row[j - 1] + 1});
      bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    before_last.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

}  // namespace

std::string nearest_name(std::string_view wanted, std::span<const std::string> known) {
  std::string folded = lower(wanted);
  size_t limit = std::max<size_t>(1, folded.size() / 3);
  size_t best = limit + 1;
  std::string result;
  for (const std::string& name : known) {
    size_t longer = std::max(name.size(), folded.size());
    size_t shorter = std::min(name.size(), folded.size());
    if (longer - shorter >= best) continue;
    size_t distance = edit_distance(folded, lower(name));
    if (distance >= best) continue;
    best = distance;
    result = name;
  }
  return result;
}

std::string advice_on_name(std::string_view wanted, std::span<const std::string> known) {
  std::string near = nearest_name(wanted, known);
  if (!near.empty()) return "; did you mean '" + near + "'?";
  if (known.empty()) return "; none are known";
  constexpr size_t kMost = 20;
  std::string result = "; known are: ";
  for (size_t i = 0; i < std::min(known.size(), kMost); ++i) {
    if (i > 0) result += ", ";
    result += known[i];
  }
  if (known.size() > kMost) result += ", … (" + std::to_string(known.size()) + ")";
  return result;
}

}  // namespace ctr
