#include <nlohmann/json.hpp>

#include "io/json.h"
#include "tools/metrics_json.h"
#include "tools/sweep/summary.h"

namespace ctr {
namespace {

Json to_json(const Spread& spread) {
  return {{"mean", spread.mean}, {"deviation", spread.deviation}};
}

Json ranking_json(const Combination& combination) {
  Json json = Json::object();
  for (size_t m = 0; m < std::size(kRankMetrics); ++m)
    json[kRankMetrics[m].first] = to_json(combination.test_ranking[m]);
  return json;
}

Json settings_of(const SweepPlan& plan, const std::vector<std::string>& values,
                 const std::string& model) {
  Json json = {{"model", model}};
  for (size_t a = 0; a < plan.axes.size(); ++a) json[plan.axes[a].option] = values[a];
  return json;
}

Json without_domains(const Metrics& metrics) {
  Json json = to_json(metrics);
  json.erase("domain_auc");
  return json;
}

Json run_json(const SweepPlan& plan, const SweepRow& row) {
  Json json = {{"run", row.run},
               {"settings", settings_of(plan, row.values, row.model)},
               {"seed", row.seed},
               {"done", row.done()}};
  if (!row.done()) {
    json["error"] = row.error;
    return json;
  }
  json["best_epoch"] = row.best_epoch;
  json["epochs"] = row.epochs;
  json["steps"] = row.steps;
  json["valid"] = without_domains(row.valid);
  json["test"] = without_domains(row.test);
  json["seconds"] = row.seconds;
  json["samples_per_s"] = row.samples_per_s;
  return json;
}

}  // namespace

std::string json_of(const SweepPlan& plan, const SweepResult& result, const SweepSummary& summary) {
  Json json = {{"seeds", plan.seeds}, {"monitor", summary.monitor}, {"fixed", plan.fixed}};
  json["combinations"] = Json::array();
  for (size_t c = 0; c < summary.combinations.size(); ++c) {
    const Combination& k = summary.combinations[c];
    json["combinations"].push_back({{"settings", settings_of(plan, k.values, k.model)},
                                    {"best", summary.best == c},
                                    {"done", k.done},
                                    {"failed", k.failed},
                                    {"missing", k.missing},
                                    {"parameters", k.parameters},
                                    {"monitor", to_json(k.monitor)},
                                    {"valid_auc", to_json(k.valid_auc)},
                                    {"test_auc", to_json(k.test_auc)},
                                    {"test_logloss", to_json(k.test_logloss)},
                                    {"test_gauc", to_json(k.test_gauc)},
                                    {"test_ranking", ranking_json(k)},
                                    {"epochs", to_json(k.epochs)},
                                    {"seconds", to_json(k.seconds)},
                                    {"samples_per_s", to_json(k.samples_per_s)}});
  }
  json["runs"] = Json::array();
  for (const SweepRow& row : result.rows) json["runs"].push_back(run_json(plan, row));
  return json_text(json, 2) + "\n";
}

}  // namespace ctr
