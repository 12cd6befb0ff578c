#pragma once
// The schema as JSON: in a data set's schema.json and in a model's model.json.

#include <string>

#include "io/json.h"
#include "io/schema.h"

namespace ctr {

Json to_json(const Schema& schema);
// Throws kind data, naming `where` and the key, on what is missing, unknown or of the wrong kind.
Schema schema_from_json(const Json& json, const std::string& where);

}  // namespace ctr
