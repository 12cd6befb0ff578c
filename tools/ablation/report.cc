#include "tools/ablation/report.h"

#include <cmath>
#include <functional>
#include <limits>

#include "engine/check.h"
#include "tools/loaded_run.h"
#include "tools/scores.h"
#include "tools/slices.h"

namespace ctr {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr int64_t kBatch = 4096;  // rows scored at a time

// Values by seed; NaN where there is none.
Compared compared(const std::vector<double>& values, const std::vector<double>& full,
                  double confidence) {
  std::vector<double> known;
  for (double value : values)
    if (!std::isnan(value)) known.push_back(value);
  return {spread_of(known), paired_difference(values, full, confidence)};
}

// Rows of the sweep's table by variant and seed; null where a run has not ended well.
class Table {
 public:
  Table(const AblationPlan& plan, const SweepResult& result)
      : seeds_(plan.sweep.seeds.size()), rows_(plan.variants.size() * seeds_, nullptr) {
    for (size_t i = 0; i < result.rows.size(); ++i) {
      const size_t run = result.runs[i];  // all variants with the first seed, then the next
      const size_t variant = run % plan.variants.size(), seed = run / plan.variants.size();
      rows_[variant * seeds_ + seed] = &result.rows[i];
    }
  }

  const SweepRow* row(size_t variant, size_t seed) const { return rows_[variant * seeds_ + seed]; }
  std::vector<double> values(size_t variant,
                             const std::function<double(const SweepRow&)>& value) const {
    std::vector<double> result;
    for (size_t s = 0; s < seeds_; ++s) {
      const SweepRow* one = row(variant, s);
      result.push_back(one != nullptr && one->done() ? value(*one) : kNone);
    }
    return result;
  }
  size_t seeds() const { return seeds_; }

 private:
  size_t seeds_;
  std::vector<const SweepRow*> rows_;
};

// Slices of every seed's run of a variant, empty where there is no run.
std::vector<std::vector<Slice>> slices_of(const Table& table, size_t variant,
                                          const std::string& folder) {
  std::vector<std::vector<Slice>> all(table.seeds());
  for (size_t s = 0; s < table.seeds(); ++s) {
    const SweepRow* row = table.row(variant, s);
    if (row == nullptr || !row->done()) continue;
    LoadedRun loaded = load_run(folder + "/" + row->run);
    const Scores scores = score(*loaded.built, loaded.data, Split::test, kBatch);
    if (std::ssize(scores.label) == loaded.data.rows(Split::test))
      all[s] = slices(loaded.data, loaded.data, Split::test, scores);
    const int64_t domain = loaded.data.schema.index_of(FieldRole::domain);
    std::erase_if(all[s], [&](const Slice& slice) {
      return loaded.data.schema.index_of(slice.field) == domain;
    });
  }
  return all;
}

const Slice* find(const std::vector<Slice>& all, const Slice& like) {
  for (const Slice& one : all)
    if (one.field == like.field && one.frequency == like.frequency) return &one;
  return nullptr;
}

std::vector<ComparedSlice> compared_slices(const std::vector<std::vector<Slice>>& variant,
                                           const std::vector<std::vector<Slice>>& full,
                                           double confidence) {
  std::vector<ComparedSlice> result;
  const std::vector<Slice>* first = nullptr;
  for (const std::vector<Slice>& one : full)
    if (first == nullptr && !one.empty()) first = &one;
  if (first == nullptr) return result;
  for (const Slice& slice : *first) {
    auto values = [&](const std::vector<std::vector<Slice>>& runs, double Slice::*metric) {
      std::vector<double> all;
      for (const std::vector<Slice>& run : runs) {
        const Slice* found = find(run, slice);
        all.push_back(found == nullptr ? kNone : found->*metric);
      }
      return all;
    };
    auto both = [&](double Slice::*metric) {
      return compared(values(variant, metric), values(full, metric), confidence);
    };
    result.push_back({slice.field, name_of(slice.frequency), slice.rows, slice.ids,
                      both(&Slice::auc), both(&Slice::logloss)});
  }
  return result;
}

// Of runs on this data: whether rows of the test split tell clicks from others, or items.
std::array<ReportMetric, 2> metrics_of(const SweepResult& result, const Schema& schema) {
  const bool ranked = std::any_of(result.rows.begin(), result.rows.end(), [](const SweepRow& row) {
    return row.done() && std::isnan(row.test.auc) && row.test.ranking.defined();
  });
  if (!ranked)
    return {
        {{"AUC", "auc", "auc", true, [](const Metrics& m) { return m.auc; }},
         {"Log-loss", "logloss", "logloss", false, [](const Metrics& m) { return m.logloss; }}}};
  constexpr int64_t kFew = 50;  // classes rather than items
  const int64_t item = schema.index_of(FieldRole::item);
  const bool few = item >= 0 && schema.fields[static_cast<size_t>(item)].vocabulary < kFew;
  const ReportMetric mrr{"MRR@10", "mrr10", "mrr@10", true,
                         [](const Metrics& m) { return m.ranking.mrr10; }};
  if (few)
    return {{{"HR@1", "hr1", "hr@1", true, [](const Metrics& m) { return m.ranking.hr1; }}, mrr}};
  return {{mrr, {"HR@10", "hr10", "hr@10", true, [](const Metrics& m) { return m.ranking.hr10; }}}};
}

VariantReport variant_report(const AblationPlan& plan, const Table& table, size_t variant,
                             const AblationReport& all) {
  VariantReport report;
  report.plan = plan.variants[variant];
  for (size_t s = 0; s < table.seeds(); ++s) {
    const SweepRow* row = table.row(variant, s);
    ++(row == nullptr ? report.missing : row->done() ? report.done : report.failed);
  }
  auto both = [&](const std::function<double(const SweepRow&)>& value) {
    return compared(table.values(variant, value), table.values(report.plan.beside, value),
                    all.confidence);
  };
  for (size_t m = 0; m < all.metrics.size(); ++m) {
    report.valid[m] = both([&](const SweepRow& r) { return all.metrics[m].of(r.valid); });
    report.test[m] = both([&](const SweepRow& r) { return all.metrics[m].of(r.test); });
  }
  report.samples_per_s = both([](const SweepRow& r) { return r.samples_per_s; }).value;
  report.epochs = both([](const SweepRow& r) { return static_cast<double>(r.epochs); }).value;
  return report;
}

}  // namespace

AblationReport report_of(const AblationPlan& plan, const SweepResult& result, const Dataset& data,
                         const std::string& folder, double confidence) {
  AblationReport report;
  report.model = plan.model;
  report.what = plan.what;
  report.full = plan.full;
  report.data = data.schema.name;
  report.note = data.note;
  const TrainOptions& train = plan.sweep.runs.front().train;
  report.protocol =
      fmt::format("epochs up to {}, patience {}, batch {}, {} at {}", train.epochs, train.patience,
                  train.batch_size, train.optimizer.rule, train.optimizer.learning_rate);
  if (train.max_steps > 0) report.protocol += fmt::format(", {} steps at most", train.max_steps);
  report.seeds = plan.sweep.seeds;
  report.confidence = confidence;
  report.left_out = plan.left_out;
  report.metrics = metrics_of(result, data.schema);
  const Table table(plan, result);
  std::vector<std::vector<Slice>> of_full;
  if (plan.what == "embeddings") of_full = slices_of(table, 0, folder);
  for (size_t v = 0; v < plan.variants.size(); ++v) {
    report.variants.push_back(variant_report(plan, table, v, report));
    if (plan.what != "embeddings") continue;
    report.variants.back().slices =
        compared_slices(v == 0 ? of_full : slices_of(table, v, folder), of_full, confidence);
  }
  return report;
}

}  // namespace ctr
