#include <algorithm>
#include <cmath>
#include <memory>

#include <fmt/format.h>

#include "engine/check.h"
#include "io/file.h"
#include "tools/evaluation.h"
#include "tools/loaded_run.h"
#include "tools/verbs.h"

namespace ctr {
namespace {

struct State {
  std::string split = "test";
  std::string data;
  std::string intervals = "delong";
  std::string json;
  bool slices = false;
  int64_t replicates = 1000;
  int64_t seed = 1;
  double confidence = 0.95;
  int64_t batch_size = 4096;
  IntList rank_at = {};
  bool rank_all = false;
  int64_t rank_samples = 0;
};

std::string number(double value, int digits) {
  return std::isnan(value) ? "-" : fmt::format("{:.{}f}", value, digits);
}

std::string interval_text(const Estimate& estimate) {
  if (!estimate.interval || std::isnan(estimate.interval->low)) return "";
  return fmt::format("[{:.4f}, {:.4f}]", estimate.interval->low, estimate.interval->high);
}

void print_ranking(const Ranking& ranking, const std::string& among) {
  if (ranking.at.empty() || ranking.clicks == 0) return;
  fmt::print("  {} clicks among {}, behind equal scores\n", ranking.clicks, among);
  for (const RankingAt& at : ranking.at) {
    fmt::print("  at {:<9} HR {}  MRR {}  NDCG {}\n", at.k, number(at.hit_rate, 6),
               number(at.mrr, 6), number(at.ndcg, 6));
  }
}

void print_summary(const Evaluation& e) {
  auto line = [](const char* name, const std::string& value, const std::string& interval) {
    fmt::print("  {:<12} {}{}{}\n", name, value, interval.empty() ? "" : "  ", interval);
  };
  auto estimate = [&](const char* name, const Estimate& value) {
    line(name, number(value.value, 6), interval_text(value));
  };
  const bool clicks_alone = std::isnan(e.auc.value) && !e.among_all.at.empty();
  if (!clicks_alone) {
    estimate("AUC", e.auc);
    line("AUC500", number(e.auc500, 6), "");
    line("log-loss", number(e.logloss, 6), "");
    line("PCOC", number(e.pcoc, 4), "");
    estimate("mean AUC", e.mean_auc);
    estimate("WAUC", e.wauc);
  }
  if (!clicks_alone && e.groups + e.one_class_groups > 0) {
    estimate("GAUC", e.gauc);
    estimate("GAUC, plain", e.gauc_plain);
    fmt::print("  GAUC is over {} users or groups; {} with one class are left out\n", e.groups,
               e.one_class_groups);
  }
  print_ranking(e.ranking, "the other rows of their user or group");
  print_ranking(e.among_all,
                e.samples > 0 ? fmt::format("{} drawn items each", e.samples) : "all items");
  if (!std::isnan(e.perplexity)) line("perplexity", number(e.perplexity, 3), "");
  if (!clicks_alone && !e.one_class_domains.empty()) {
    fmt::print("  domains with one class are left out of mean AUC and WAUC: {}\n",
               fmt::join(e.one_class_domains, ", "));
  }
}

void print_domains(const Evaluation& e) {
  size_t width = 6;
  for (const auto& domain : e.domains) width = std::max(width, domain.name.size());
  fmt::print("\n  {:<{}} {:>10} {:>10}  {:<8} {}\n", "domain", width, "rows", "clicks", "AUC", "");
  for (const auto& domain : e.domains) {
    fmt::print("  {:<{}} {:>10} {:>10}  {:<8} {}\n", domain.name, width, domain.rows, domain.clicks,
               number(domain.auc.value, 4), interval_text(domain.auc));
  }
}

void print_slices(const Evaluation& e) {
  size_t width = 6;
  for (const Slice& slice : e.slices) width = std::max(width, slice.field.size());
  fmt::print("\n  {:<{}} {:<7} {:>9} {:>10} {:>10}  {:<8} {:<9} {}\n", "field", width, "slice",
             "ids", "rows", "click rate", "AUC", "log-loss", "PCOC");
  for (const Slice& s : e.slices) {
    fmt::print("  {:<{}} {:<7} {:>9} {:>10} {:>9.2f}%  {:<8} {:<9} {}\n", s.field, width,
               name_of(s.frequency), s.ids, s.rows, 100 * s.click_rate, number(s.auc, 4),
               number(s.logloss, 4), number(s.pcoc, 3));
  }
  fmt::print(
      "  slices: thirds of the training rows by falling frequency of the id; unseen: no training "
      "rows\n");
}

IntList ks_of(const State& state) {
  return state.rank_at.empty() ? IntList{5, 10, 20} : state.rank_at;
}

EvaluationOptions options_of(const State& state) {
  EvaluationOptions options;
  options.intervals = state.intervals == "none"     ? IntervalMethod::none
                      : state.intervals == "delong" ? IntervalMethod::delong
                                                    : IntervalMethod::bootstrap;
  options.rank_at = state.rank_at;
  options.bootstrap = {state.replicates, static_cast<uint64_t>(state.seed), state.confidence};
  return options;
}

// A run with the scores of its tasks.
struct Scored {
  std::string path;
  std::vector<Scores> tasks;
};

void print(const Evaluation& e, const std::string& model, bool sliced, const State& state) {
  fmt::print("{}{}{} of {} on {} of {}: {} rows, {} clicks", e.task.empty() ? "" : "\ntask ",
             e.task, e.task.empty() ? model : ", " + model, e.run, e.split, e.data, e.rows,
             e.clicks);
  if (state.intervals != "none")
    fmt::print("; [{:g} % intervals: {}]", 100 * state.confidence, state.intervals);
  fmt::print("\n\n");
  print_summary(e);
  print_domains(e);
  if (sliced) print_slices(e);
}

void rank_items(BuiltModel& built, const Dataset& data, Split split, const State& state,
                Evaluation& evaluation) {
  const ClickPlaces clicks = click_places(built, data, split, state.batch_size, state.rank_samples,
                                          static_cast<uint64_t>(state.seed));
  CTR_CHECK(!clicks.places.empty(),
            "evaluate: the model does not score all items of '{}'; leave --rank-all and "
            "--rank-samples out",
            data.schema.name);
  evaluation.among_all = rank_places(clicks.places, ks_of(state));
  evaluation.samples = state.rank_samples;
  evaluation.perplexity = std::exp(-clicks.log_probability);
}

// Scores a run, prints its report, task by task, and appends it to `json`.
Scored report(const std::string& path, const State& state, std::vector<std::string>& json) {
  LoadedRun loaded = load_run(path);
  const Dataset data = open_for(loaded, state.data);
  const Split split = split_named(state.split);
  Scored scored{path, score_tasks(*loaded.built, data, split, state.batch_size)};
  if (!data.note.empty()) fmt::print("note      {}\n", data.note);
  for (const Scores& scores : scored.tasks) {
    if (scores.label.empty() && scored.tasks.size() > 1) {
      fmt::print("\ntask {}: no row of {} is one to judge it on\n", scores.task, state.split);
      continue;
    }
    Evaluation evaluation = evaluate_scores(scores, data.schema, options_of(state));
    if (state.rank_all || state.rank_samples > 0)
      rank_items(*loaded.built, data, split, state, evaluation);
    evaluation.run = path;
    evaluation.data = data.schema.name;
    evaluation.split = state.split;
    if (scored.tasks.size() > 1) evaluation.task = scores.task;
    // Slices need all rows of the split.
    const bool sliced = state.slices && std::ssize(scores.label) == data.rows(split);
    if (sliced) evaluation.slices = slices(loaded.data, data, split, scores);
    print(evaluation, loaded.file.train.model, sliced, state);
    json.push_back(json_of(evaluation));
  }
  return scored;
}

// DeLong's paired test of each later run against the first.
void print_differences(const std::vector<Scored>& runs, double confidence) {
  const Scored& first = runs.front();
  for (size_t t = 0; t < first.tasks.size(); ++t) {
    const Scores& scores = first.tasks[t];
    if (scores.label.empty()) continue;
    fmt::print("\nAUC{} less that of {} (DeLong, paired)\n",
               first.tasks.size() > 1 ? " of " + scores.task : "", first.path);
    for (size_t r = 1; r < runs.size(); ++r) {
      CTR_CHECK_DATA(t < runs[r].tasks.size() && runs[r].tasks[t].label == scores.label,
                     "evaluate: {} and {} were scored on other rows; name a data set for both with "
                     "--data",
                     first.path, runs[r].path);
      const AucComparison c =
          compare_auc(runs[r].tasks[t].probability, scores.probability, scores.label, confidence);
      fmt::print("  {}  {:+.6f}  [{:+.4f}, {:+.4f}]  z {:.2f}  p {:.2g}\n", runs[r].path,
                 c.difference, c.interval.low, c.interval.high, c.z, c.p_value);
    }
  }
}

int run(const std::vector<std::string>& paths, const State& state) {
  std::vector<Scored> runs;
  std::vector<std::string> json;
  for (const std::string& path : paths) {
    if (!runs.empty()) fmt::print("\n");
    runs.push_back(report(path, state, json));
  }
  if (runs.size() > 1) print_differences(runs, state.confidence);
  if (state.json.empty()) return 0;
  write_text_atomically(state.json, json.size() == 1
                                        ? json.front()
                                        : fmt::format("[\n{}]\n", fmt::join(json, ",\n")));
  return 0;
}

}  // namespace

Verb evaluate_verb() {
  auto state = std::make_shared<State>();
  Verb verb;
  verb.name = "evaluate";
  verb.summary =
      "score trained runs: AUC and its kin by domain and frequency, and whether they differ";
  verb.examples = {"ctrengine evaluate runs/apg-taobao-1 --slices",
                   "ctrengine evaluate runs/mlp-taobao-1 runs/apg-taobao-1 --intervals bootstrap"};
  verb.arguments = "RUN";
  OptionList& list = verb.options;
  list.add({"split", &state->split, "the split to score", {"train", "valid", "test"}});
  list.add({"data", &state->data, "another prepared data set; empty: the run's own"});
  list.add({"slices", &state->slices, "head, torso and tail of users, items and domains"});
  list.add({"intervals",
            &state->intervals,
            "of AUCs; bootstrap draws whole users (or groups)",
            {"delong", "bootstrap", "none"}});
  list.add({"confidence", &state->confidence, "of the intervals", {}, 0.01, 0.9999});
  list.add({"replicates", &state->replicates, "of the bootstrap", {}, 1, 1e6});
  list.add({"seed", &state->seed, "of the bootstrap's draws and --rank-samples", {}, 0, 9e15});
  list.add({"rank_at",
            &state->rank_at,
            "k of HR, MRR and NDCG of clicks among the other rows of their user or group",
            {},
            1,
            1 << 30});
  list.add({"rank_all", &state->rank_all,
            "the same among all items, of models that score them; --rank-at says k, else 5,10,20"});
  list.add({"rank_samples",
            &state->rank_samples,
            "the same among so many items drawn uniformly for each click, by --seed; 0: among all",
            {},
            0,
            1e6});
  list.add({"batch_size", &state->batch_size, "rows scored at a time", {}, 1, 1 << 24});
  list.add(
      {"json", &state->json, "a file for the same figures as JSON; an array for several runs"});
  verb.run = [state](const std::vector<std::string>& arguments) {
    CTR_CHECK(!arguments.empty(),
              "evaluate: name a run directory, as in `ctrengine evaluate runs/apg-taobao-1`");
    return run(arguments, *state);
  };
  return verb;
}

}  // namespace ctr
