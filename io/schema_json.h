#pragma once
// The schema as JSON: in a data set's schema.json and in a model's model.json.

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "io/schema.h"

namespace ctr {

nlohmann::ordered_json to_json(const Schema& schema);
// Throws kind data, naming `where` and the key, on what is missing, unknown or of the wrong kind.
Schema schema_from_json(const nlohmann::ordered_json& json, const std::string& where);

// A JSON file as a whole. A syntax error is named as FILE:LINE:COLUMN, kind data.
nlohmann::ordered_json read_json(const std::string& path);

}  // namespace ctr
