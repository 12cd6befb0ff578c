#pragma once
// JSON text. The library's parser and writer take seconds to compile: they are here alone.

#include <string>

#include <nlohmann/json_fwd.hpp>

namespace ctr {

using Json = nlohmann::ordered_json;

// A file as a whole. A syntax error is named as FILE:LINE:COLUMN, a key that stands twice in one
// object by its name, kind data.
Json read_json(const std::string& path);
// The text's value; a discarded one (Json::is_discarded) when it is not JSON.
Json parse_json(const std::string& text);
// The value on one line, or with `indent` spaces for each level.
std::string json_text(const Json& json, int indent = -1);

}  // namespace ctr
