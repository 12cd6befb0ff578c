#pragma once
// Numbers in text, by std::from_chars: the same in every locale.

#include <cstdint>
#include <string_view>

namespace ctr {

// A whole or a finite number that takes all of the text; false on anything else.
bool parse_whole(std::string_view text, int64_t& number);
bool parse_finite(std::string_view text, double& number);

}  // namespace ctr
