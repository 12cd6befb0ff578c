#pragma once

#include <nlohmann/json_fwd.hpp>

#include "tools/metrics.h"

namespace ctr {

// As log.jsonl and metrics.json hold them; an undefined one is null.
nlohmann::ordered_json to_json(const Metrics& metrics);

}  // namespace ctr
