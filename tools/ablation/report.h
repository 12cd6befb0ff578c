#pragma once
// What an ablation found: every variant beside the full model, over the seeds.

#include <array>
#include <functional>
#include <string>
#include <vector>

#include "tools/ablation/plan.h"
#include "tools/metrics/paired.h"
#include "tools/sweep/summary.h"

namespace ctr {

// A metric over the seeds of a variant, and less that of the full model with the same seed.
struct Compared {
  Spread value;
  PairedDifference difference;
};

// Rows of the test split whose user or item was trained on that often (tools/slices.h).
struct ComparedSlice {
  std::string field, slice;
  int64_t rows = 0, ids = 0;
  Compared auc, logloss;
};

struct VariantReport {
  PlannedVariant plan;
  int64_t done = 0, failed = 0, missing = 0;  // seeds
  Compared valid[2], test[2];                 // by AblationReport::metrics
  Spread samples_per_s, epochs;
  std::vector<ComparedSlice> slices;  // of embeddings; the same ones for all variants
};

// What variants are compared by.
struct ReportMetric {
  std::string name;     // "AUC"
  std::string key;      // "auc"
  std::string log_key;  // as log.jsonl has it
  bool higher;          // is better
  std::function<double(const Metrics&)> of;
};

struct AblationReport {
  std::string model, what, full, data, note;
  std::string protocol;  // epochs, patience, batch size, learning rate of the full model
  IntList seeds;
  double confidence = 0.95;
  // AUC and log-loss; of rows that are all clicks MRR@10 and HR@10, or HR@1 among so few items.
  std::array<ReportMetric, 2> metrics;
  std::vector<VariantReport> variants;  // the full model first
  std::vector<LeftOut> left_out;
};

// A chart beside those of the report's own numbers (curves.h).
struct AblationFigure {
  std::string file;  // "curves.svg", where it lies by itself
  std::string heading, caption, chart;
};

// `folder` holds the runs; for embeddings, each that is done scores the test split once more.
AblationReport report_of(const AblationPlan& plan, const SweepResult& result, const Dataset& data,
                         const std::string& folder, double confidence);

// Tables for a terminal; one line for each variant as CSV; a page with charts (html.cc).
std::string text_of(const AblationReport& report);
std::string csv_of(const AblationReport& report);
std::string html_of(const AblationReport& report, const std::vector<AblationFigure>& figures);
// What was left out, and why; nothing where nothing was.
std::string left_out_text(const std::vector<LeftOut>& all);

// "+0.00012", "1.23 M", "1.2 kB"; "–" for NaN.
std::string signed_text(double value, int digits);
std::string amount_text(double value);
std::string bytes_text(double value);
std::string megabytes_text(int64_t bytes);
// "+0.0012 [-0.0003, +0.0027]".
std::string difference_text(const PairedDifference& difference, int digits);

}  // namespace ctr
