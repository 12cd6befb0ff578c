#pragma once
// A model's probabilities on a split, with what metrics need beside them.

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "io/dataset.h"
#include "tools/metrics.h"
#include "tools/trainer.h"

namespace ctr {

using TakeScores = std::function<void(const Batch& batch, std::span<const Prediction> tasks)>;

// Calls `take` with each batch of the split and the tasks' probabilities of its rows, in the
// split's order. Memory: one batch and those read ahead. Where domains have weights of their own,
// the rows of a domain are scored by its weights, domain by domain: memory for the predictions of
// all rows, and the split is read twice.
void score_batches(BuiltModel& built, const Dataset& data, Split split, int64_t batch_size,
                   const TakeScores& take);

// Of one task: the rows that it is judged on, in the split's order.
struct Scores {
  std::vector<double> probability;
  std::vector<double> label;
  std::vector<int64_t> domain;  // zeros without a domain field
  std::vector<int64_t> group;   // empty without a group or user field
  std::string task = {};        // its name; may be empty where there is but one
};

std::vector<Scores> score_tasks(BuiltModel& built, const Dataset& data, Split split,
                                int64_t batch_size);
// Of the first task.
Scores score(BuiltModel& built, const Dataset& data, Split split, int64_t batch_size);

// Of the split's clicks, in order (models/item_ranking.h).
struct ClickPlaces {
  std::vector<int64_t> places;
  double log_probability = 0;  // mean over the clicks that have one; NaN without any
};
// Empty when the model scores no items, or the data has no clicks.
ClickPlaces click_places(BuiltModel& built, const Dataset& data, Split split, int64_t batch_size,
                         int64_t samples = 0, uint64_t seed = 0);

// Names of the tasks; the split must have a row.
std::vector<std::string> task_names(BuiltModel& built, const Dataset& data, Split split);

// Of some rows, by the weights that the model holds now.
Metrics evaluate_rows(BuiltModel& built, const Dataset& data, Split split,
                      std::span<const uint32_t> rows, int64_t batch_size);

// Where clicks stand among all items takes rows times items: it is told where the rows are clicks
// alone, which have no AUC, or always.
enum class Ranks : bool { of_clicks_alone, always };
Metrics evaluate(BuiltModel& built, const Dataset& data, Split split, int64_t batch_size,
                 Ranks ranks = Ranks::of_clicks_alone);

}  // namespace ctr
