#include <algorithm>
#include <cstdio>
#include <memory>
#include <sstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/check.h"
#include "io/json.h"
#include "tools/bench/activations.h"
#include "tools/bench/bench.h"
#include "tools/bench/stream.h"
#include "tools/bench/table_updates.h"
#include "tools/verbs.h"

namespace ctr {
namespace {

constexpr double kNearProducts = 1.4;  // a step that takes longer says where

struct State {
  WorkloadOptions workload;
  ModelOptions model;  // read for its embedding_dim alone: a workload sets its own
  int64_t steps = 20;
  int64_t blocks = 5;
  int64_t flush_steps = 1000;
  double lambda = 1e-5;
  bool json = false;
};

void print_table(const BenchReport& report) {
  fmt::print("\n{:<28} {:>6} {:>9} {:>7} {:>9} {:>9} {:>9}\n", "op", "calls", "ms", "share", "GB/s",
             "products", "GF/s");
  double total = 0;
  for (const Profile::Entry& entry : report.entries) total += entry.seconds;
  std::vector<Profile::Entry> entries = report.entries;
  std::sort(entries.begin(), entries.end(),
            [](const auto& a, const auto& b) { return a.seconds > b.seconds; });
  for (const Profile::Entry& entry : entries) {
    fmt::print("{:<28} {:>6} {:>9.3f} {:>6.1f}%", entry.name, entry.calls, 1e3 * entry.seconds,
               100 * entry.seconds / total);
    fmt::print(" {:>9.1f}", entry.bytes / entry.seconds / 1e9);
    if (entry.flop > 0) {
      fmt::print(" {:>9.3f} {:>9.1f}", 1e3 * entry.product_seconds,
                 entry.flop / entry.product_seconds / 1e9);
    }
    fmt::print("\n");
  }
}

// What takes longest in a step beyond its products, and what it moves through memory.
std::string beyond_products(const BenchReport& report) {
  constexpr size_t kNamed = 3;
  auto beyond = [](const Profile::Entry& entry) { return entry.seconds - entry.product_seconds; };
  std::vector<Profile::Entry> entries = report.entries;
  std::sort(entries.begin(), entries.end(),
            [&](const auto& a, const auto& b) { return beyond(a) > beyond(b); });
  std::string text;
  for (size_t i = 0; i < std::min(kNamed, entries.size()); ++i) {
    text += fmt::format("{}{} {:.1f} ms, {:.0f} MB", i == 0 ? "" : "; ", entries[i].name,
                        1e3 * beyond(entries[i]), entries[i].bytes / 1e6);
  }
  return text;
}

Json numbers_of(const BenchReport& report) {
  return {{"parameters", report.parameters},
          {"samples_per_s", report.samples_per_s},
          {"spread", {report.slowest, report.fastest}},
          {"step_ms", report.step_ms},
          {"gemm_ms", report.gemm_ms},
          {"step_over_gemm", report.step_over_gemm},
          {"gemm_gflops", report.gemm_gflops},
          {"peak_mb", report.peak_mb}};
}

// "all" that have steps, or those of a list with commas.
std::vector<std::string> models_of(const std::string& list) {
  std::vector<std::string> names;
  if (list == "all") {
    for (const ModelInfo& info : model_list())
      if (info.name != "popularity") names.push_back(info.name);
    return names;
  }
  std::istringstream text(list);
  for (std::string name; std::getline(text, name, ',');) names.push_back(find_model(name).name);
  return names;
}

int run_models(const State& state) {
  if (!state.json)
    fmt::print("{:<14} {:>10} {:>9} {:>9} {:>14} {:>11} {:>10}\n", "model", "samples/s", "step ms",
               "products", "step/products", "parameters", "memory MB");
  const auto tell = [&](const ModelTime& one) {
    const BenchReport& r = one.report;
    if (state.json) return;
    if (!one.failure.empty()) {
      fmt::print("{:<14} {}\n", one.model, one.failure);
    } else {
      fmt::print("{:<14} {:>10.0f} {:>9.2f} {:>9.2f} {:>14.2f} {:>11} {:>10.0f}\n", one.model,
                 r.samples_per_s, r.step_ms, r.gemm_ms, r.step_over_gemm, r.parameters, r.peak_mb);
      if (r.step_over_gemm == 0 || r.step_over_gemm > kNearProducts)
        fmt::print("{:<14} {}\n", "", beyond_products(r));
    }
    std::fflush(stdout);
  };
  Json all = Json::object();
  for (const ModelTime& one : bench_models(models_of(state.workload.model), state.workload,
                                           state.steps, state.blocks, tell)) {
    all[one.model] = one.failure.empty() ? numbers_of(one.report) : Json{{"failure", one.failure}};
  }
  if (state.json) fmt::print("{}\n", json_text(Json{{"models", all}}));
  return 0;
}

int run_training(const State& state) {
  const std::string& model = state.workload.model;
  if (model == "all" || model.find(',') != std::string::npos) return run_models(state);
  const Machine machine = measure_machine();
  if (!state.json) {
    fmt::print(
        "machine   {} threads, peak {:.0f} GF/s, copy {:.1f} GB/s, gather of 64 bytes {:.1f} "
        "ns\n",
        machine.threads, machine.peak_gflops, machine.copy_gbytes, machine.gather_ns);
  }
  restart_peak();
  Workload workload(state.workload);
  const BenchReport report = bench_steps(workload, state.steps, state.blocks);
  if (state.json) {
    const WorkloadOptions& w = workload.options();
    Json json = {{"engine", "ctrengine"},
                 {"model", w.model},
                 {"shape", w.shape},
                 {"batch", w.batch_size},
                 {"hidden", workload.model_options().hidden_units},
                 {"threads", machine.threads},
                 {"sizes", w.sizes},
                 {"peak_gflops", machine.peak_gflops},
                 {"copy_gbytes", machine.copy_gbytes},
                 {"gather_ns", machine.gather_ns}};
    json.update(numbers_of(report));
    for (const Profile::Entry& entry : report.entries)
      json["ops"][entry.name] = {{"calls", entry.calls},
                                 {"ms", 1e3 * entry.seconds},
                                 {"bytes", entry.bytes},
                                 {"product_ms", 1e3 * entry.product_seconds}};
    fmt::print("{}\n", json_text(json));
    return 0;
  }
  fmt::print("model     {}, {}, batch {}, {} trained parameters\n", state.workload.model,
             state.workload.shape, workload.batch_size(), report.parameters);
  fmt::print("training  {:.0f} samples/s ({:.0f} to {:.0f} over {} blocks of {} steps)\n",
             report.samples_per_s, report.slowest, report.fastest, state.blocks, state.steps);
  fmt::print(
      "step      {:.2f} ms; its matrix products alone {:.2f} ms, {:.0f} GF/s ({:.0f} % of "
      "peak); step over products {:.2f}\n",
      report.step_ms, report.gemm_ms, report.gemm_gflops,
      100 * report.gemm_gflops / machine.peak_gflops, report.step_over_gemm);
  fmt::print("memory    {:.0f} MB at most\n", report.peak_mb);
  print_table(report);
  return 0;
}

int run_prediction(const State& state) {
  Workload workload(state.workload);
  Json all = Json::array();
  if (!state.json) fmt::print("{:>6} {:<9} {:>10} {:>10}\n", "rows", "weights", "p50 us", "p99 us");
  for (int64_t rows : {int64_t{1}, int64_t{256}}) {
    for (bool folded : {true, false}) {
      const LatencyReport report = bench_predictions(workload, rows, folded, 2000);
      all.push_back({{"rows", rows},
                     {"folded", folded},
                     {"p50_us", report.p50_us},
                     {"p99_us", report.p99_us}});
      if (!state.json) {
        fmt::print("{:>6} {:<9} {:>10.1f} {:>10.1f}\n", rows, folded ? "folded" : "unfolded",
                   report.p50_us, report.p99_us);
      }
    }
  }
  if (state.json) {
    fmt::print("{}\n", json_text(Json{{"model", state.workload.model}, {"predict", all}}));
  }
  return 0;
}

int run_activations(const State& state) {
  Json all = Json::object();
  if (!state.json) fmt::print("{:<12} {:>11} {:>12}\n", "ns a number", "forward", "backward");
  for (const ActivationTime& time : bench_activations()) {
    all[time.name] = {{"forward_ns", time.forward_ns}, {"backward_ns", time.backward_ns}};
    if (!state.json)
      fmt::print("{:<12} {:>11.2f} {:>12.2f}\n", time.name, time.forward_ns, time.backward_ns);
  }
  if (state.json) fmt::print("{}\n", json_text(Json{{"activations", all}}));
  return 0;
}

// Each way without and with a penalty; dense before and after what it is compared with.
int run_updates(const State& state) {
  const WorkloadOptions& w = state.workload;
  TableUpdateOptions options{w.fields,
                             w.vocabulary,
                             state.model.embedding_dim > 0 ? state.model.embedding_dim : 16,
                             w.batch_size > 0 ? w.batch_size : 4096,
                             0,
                             w.seed};
  Json all = Json::array();
  if (!state.json) {
    fmt::print(
        "adam on {} tables, {} rows of {} together, batch {}\n{:<8} {:>8} {:>6} {:>10} {:>10} "
        "{:>12} {:>11}\n",
        options.fields, options.rows, options.width, options.batch_size, "update", "lambda",
        "steps", "step ms", "flush ms", "ms in all", "over dense");
  }
  for (double lambda : {0.0, state.lambda}) {
    options.lambda = lambda;
    std::vector<TableUpdateReport> reports;
    for (const char* update : {"dense", "replay", "rows", "dense"}) {
      const bool replay = update == std::string("replay");
      reports.push_back(
          bench_table_updates(options, update, replay ? state.flush_steps : state.steps));
    }
    const double dense = 0.5 * (reports.front().step_ms + reports.back().step_ms);
    for (const TableUpdateReport& r : reports) {
      const double ratio = dense / r.with_flush_ms();
      all.push_back({{"update", r.update},
                     {"lambda", lambda},
                     {"steps", r.steps},
                     {"step_ms", r.step_ms},
                     {"flush_ms", r.flush_ms},
                     {"dense_over_it", ratio}});
      if (!state.json) {
        fmt::print("{:<8} {:>8} {:>6} {:>10.2f} {:>10.0f} {:>12.2f} {:>10.2f}x\n", r.update, lambda,
                   r.steps, r.step_ms, r.flush_ms, r.with_flush_ms(), ratio);
      }
    }
  }
  if (state.json) fmt::print("{}\n", json_text(Json{{"updates", all}}));
  return 0;
}

int run_stream(const State& state) {
  const WorkloadOptions& w = state.workload;
  StreamBenchOptions options;
  options.model = w.model;
  options.model_options = w.model_options;
  options.seed = w.seed;
  const std::vector<StreamTime> times = bench_stream(options, {1, 64});
  Json all = Json::array();
  if (!state.json)
    fmt::print("{}, rows of {} items\n{:>6} {:>10} {:>10} {:>10} {:>14} {:>18}\n", w.model,
               options.places, "users", "row us", "push us", "read us", "row over push",
               "over push and read");
  for (const StreamTime& t : times) {
    all.push_back({{"users", t.users},
                   {"row_us", t.row_us},
                   {"push_us", t.push_us},
                   {"read_us", t.read_us},
                   {"row_over_push", t.over_push()},
                   {"row_over_push_and_read", t.over_both()}});
    if (!state.json)
      fmt::print("{:>6} {:>10.1f} {:>10.1f} {:>10.1f} {:>13.1f}x {:>17.1f}x\n", t.users, t.row_us,
                 t.push_us, t.read_us, t.over_push(), t.over_both());
  }
  if (state.json)
    fmt::print("{}\n",
               json_text(Json{{"model", w.model}, {"places", options.places}, {"stream", all}}));
  return 0;
}

// Its own; those of models follow.
OptionList options_of(State& state) {
  WorkloadOptions& w = state.workload;
  OptionList list;
  list.add(
      {"model", &w.model,
       "the model; `ctrengine models` lists them; several with commas, or all: one after another"});
  list.add({"shape",
            &w.shape,
            "of the data: trained tables, the main job's, or histories",
            {"criteo", "taobao-10", "amazon", "sequence"}});
  list.add({"sizes",
            &w.sizes,
            "of the model on the criteo shape: layers of 400,400,400, or those tuned for "
            "Criteo; auto: the first where other engines are compared",
            {"auto", "peer", "criteo"}});
  list.add({"batch_size",
            &w.batch_size,
            "rows of a step; 0: 4096, 128 for sequence, or 1024 for taobao-10 and amazon",
            {},
            0,
            1 << 24});
  list.add({"fields", &w.fields, "fields of the criteo shape", {}, 1, 4096});
  list.add({"vocabulary", &w.vocabulary, "rows of their tables together", {}, 1, 1e10});
  list.add({"length", &w.length, "items of a row, sequence shape", {}, 2, 65536});
  list.add({"domains", &w.domains, "domains of the rows, criteo shape (MLoRA)", {}, 1, 100000});
  list.add({"steps", &state.steps, "steps of a timed block", {}, 1, 1e6});
  list.add({"blocks", &state.blocks, "timed blocks; the median counts", {}, 1, 1e4});
  list.add({"flush_steps",
            &state.flush_steps,
            "updates: steps of replay, after which all rows are caught up",
            {},
            1,
            1e6});
  list.add({"l2", &state.lambda, "updates: lambda of the second half", {}, 0, 1e3});
  list.add({"seed", &w.seed, "of weights and batches", {}, 0, 9e15});
  list.add({"json", &state.json, "one line of JSON"});
  return list;
}

}  // namespace

Verb bench_verb() {
  auto state = std::make_shared<State>();
  Verb verb;
  verb.name = "bench";
  verb.summary =
      "measure the machine, training steps, predictions, activations, table updates and streams";
  verb.examples = {"ctrengine bench --model deepfm",
                   "ctrengine bench --model all --steps 5",
                   "ctrengine bench --model mmoe --experts 8",
                   "ctrengine bench predict --model apg --shape taobao-10",
                   "ctrengine bench updates --vocabulary 20000000",
                   "ctrengine bench stream --model nextitnet"};
  verb.arguments = "train|predict|activations|updates|stream";
  verb.options = options_of(*state);
  const OptionList of_model = state->model.list();
  verb.options = joined(verb.options, of_model);
  verb.given = [state, of_model](const std::vector<ConfigEntry>& entries) {
    for (const ConfigEntry& entry : entries)
      if (of_model.find(entry.name) != nullptr) state->workload.model_options.push_back(entry);
  };
  verb.run = [state](const std::vector<std::string>& arguments) {
    const std::string what = arguments.empty() ? "train" : arguments[0];
    const bool known = what == "train" || what == "predict" || what == "activations" ||
                       what == "updates" || what == "stream";
    CTR_CHECK(arguments.size() < 2 && known,
              "bench: expected `train`, `predict`, `activations`, `updates` or `stream`, got '{}'",
              fmt::join(arguments, " "));
    if (what == "activations") return run_activations(*state);
    if (what == "updates") return run_updates(*state);
    if (what == "stream") return run_stream(*state);
    return what == "train" ? run_training(*state) : run_prediction(*state);
  };
  return verb;
}

}  // namespace ctr
