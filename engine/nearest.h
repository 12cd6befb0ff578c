#pragma once
// "did you mean": the known name closest to a mistyped one.

#include <span>
#include <string>
#include <string_view>

namespace ctr {

// The member of `known` with the fewest insertions, deletions, substitutions and swaps of
// neighbours away from `wanted` (letter case aside; the first of equals), or an empty string when
// none is within a third of its length.
std::string nearest_name(std::string_view wanted, std::span<const std::string> known);

// "; did you mean 'nearest'?", or "; known are: a, b, c" when nothing is near (at most 20 names).
std::string advice_on_name(std::string_view wanted, std::span<const std::string> known);

}  // namespace ctr
