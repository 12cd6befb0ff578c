#pragma once
// Files of lines, for converters that keep a table of their own.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace ctr {

// Calls f(line, number) for each line of a plain or gzip file, without its end; numbers from 1.
void for_each_line(const std::string& path,
                   const std::function<void(std::string_view line, int64_t number)>& f);

// The pieces of a line between occurrences of `separator` ("::" in MovieLens).
void split_line(std::string_view line, std::string_view separator,
                std::vector<std::string_view>& pieces);

}  // namespace ctr
