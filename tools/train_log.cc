#include "tools/train_log.h"

#include <nlohmann/json.hpp>

#include "engine/check.h"
#include "io/checksum.h"
#include "io/json.h"
#include "tools/metrics_json.h"
#include "tools/text_table.h"

namespace ctr {

TrainLog::TrainLog(const std::string& run, int64_t log_bytes, int64_t metrics_bytes)
    : log_(run + "/log.jsonl", log_bytes), metrics_(run + "/metrics.csv", metrics_bytes) {
  if (metrics_.size() > 0) return;
  std::string columns =
      "epoch,step,train_loss,learning_rate,valid_auc,valid_logloss,valid_mean_auc,valid_wauc,"
      "valid_pcoc,";
  for (const auto& [name, metric] : kRankMetrics) columns += fmt::format("valid_{},", name);
  metrics_.append(columns + "best,seconds\n");
}

void TrainLog::add(const StepReport& report) {
  Json line = {{"event", "step"},
               {"step", report.step},
               {"epoch", report.epoch},
               {"loss", report.loss},
               {"epoch_loss", report.epoch_loss},
               {"learning_rate", report.learning_rate},
               {"gradient_norm", report.gradient_norm},
               {"samples_per_s", report.samples_per_s}};
  if (!report.task_loss.empty()) line["task_loss"] = report.task_loss;
  if (!report.task_weights.empty()) line["task_weights"] = report.task_weights;
  log_.append(json_text(line) + "\n");
}

void TrainLog::add(const EpochReport& report) {
  const Metrics& valid = report.valid;
  const Json line = {{"event", "epoch"},
                     {"step", report.step},
                     {"epoch", report.epoch},
                     {"whole", report.whole},
                     {"train_loss", report.train_loss},
                     {"learning_rate", report.learning_rate},
                     {"measured_norms", report.measured},
                     {"best", report.best},
                     {"valid", to_json(valid)},
                     {"seconds", report.seconds}};
  log_.append(json_text(line) + "\n");
  std::string row = fmt::format("{},{},", report.epoch, report.step);
  for (const double value : {report.train_loss, report.learning_rate, valid.auc, valid.logloss,
                             valid.mean_auc, valid.wauc, valid.pcoc})
    row += csv_number(value) + ",";
  for (const auto& [name, metric] : kRankMetrics) row += csv_number(valid.ranking.*metric) + ",";
  metrics_.append(row + fmt::format("{},{:.3f}\n", report.best ? 1 : 0, report.seconds));
}

void TrainLog::add(const DomainReport& report) {
  const Json line = {{"event", "domain"},
                     {"step", report.step},
                     {"domain", report.domain},
                     {"epochs", report.epochs},
                     {"best_epoch", report.best_epoch},
                     {"steps", report.steps},
                     {"auc_before", report.before},
                     {"auc_after", report.after}};
  log_.append(json_text(line) + "\n");
}

void TrainLog::sync() {
  log_.sync();
  metrics_.sync();
}

void TrainLog::add_digest(int64_t step, const ParameterStore& store) {
  Json digests = Json::object();
  for (const auto& parameter : store.all()) {
    const Tensor& value = parameter->value;
    if (parameter->frozen) continue;
    digests[parameter->name] =
        checksum_text(checksum_of(value.raw(), static_cast<size_t>(value.bytes())));
  }
  const Json line = {{"event", "digest"}, {"step", step}, {"digests", digests}};
  log_.append(json_text(line) + "\n");
}

}  // namespace ctr
