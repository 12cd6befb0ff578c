#pragma once

#include "io/json.h"
#include "tools/metrics.h"

namespace ctr {

// As log.jsonl and metrics.json hold them; an undefined one is null. Of several tasks, each below
// "tasks".
Json to_json(const Metrics& metrics);

}  // namespace ctr
