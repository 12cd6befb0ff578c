#include <limits>
#include <sstream>

#include <nlohmann/json.hpp>

#include "engine/check.h"
#include "io/file.h"
#include "io/json.h"
#include "io/schema_json.h"
#include "tools/sweep/table.h"

namespace ctr {
namespace {

double number(const Json& json, const char* name) {
  const Json& value = json.at(name);
  return value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>();
}

Metrics metrics_from(const Json& json) {
  Metrics metrics;
  metrics.auc = number(json, "auc");
  metrics.logloss = number(json, "logloss");
  metrics.mean_auc = number(json, "mean_auc");
  metrics.wauc = number(json, "wauc");
  metrics.gauc = number(json, "gauc");
  metrics.pcoc = number(json, "pcoc");
  for (const auto& [name, value] : kRankMetrics)
    if (json.contains(name)) metrics.ranking.*value = number(json, name);
  return metrics;
}

// The epochs of log.jsonl: their number, and what the best one gave.
void read_epochs(const std::string& path, SweepRow& row) {
  std::istringstream text(read_text(path));
  for (std::string line; std::getline(text, line);) {
    const Json json = parse_json(line);
    if (json.at("event") != "epoch") continue;
    row.epochs = json.at("epoch").get<int64_t>();
    if (row.epochs == row.best_epoch) row.valid = metrics_from(json.at("valid"));
  }
}

}  // namespace

void read_result(const std::string& directory, SweepRow& row) {
  std::string path = directory + "/metrics.json";
  try {
    const Json json = read_json(path);
    row.best_epoch = json.at("best_epoch").get<int64_t>();
    row.steps = json.at("steps").get<int64_t>();
    row.seconds = number(json, "seconds");
    row.samples_per_s = number(json, "samples_per_s");
    row.test = metrics_from(json.at("test"));
    path = directory + "/log.jsonl";
    read_epochs(path, row);
  } catch (const nlohmann::json::exception& error) {
    fail(ErrorKind::data, "{}: not what a run writes: {}", path, error.what());
  }
}

}  // namespace ctr
