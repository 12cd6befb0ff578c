#include <cstdio>
#include <memory>

#include <fmt/format.h>

#include "engine/check.h"
#include "io/file.h"
#include "models/model.h"
#include "tools/ablation/curves.h"
#include "tools/ablation/svg.h"
#include "tools/sweep/progress.h"
#include "tools/text_table.h"
#include "tools/verbs.h"

namespace ctr {
namespace {

struct State {
  TrainOptions train;  // what these hold is not read: each run sets its own anew
  ModelOptions model;
  AblationRequest request;
  std::string out;
  double confidence = 0.95;
  bool plan = false, keep_checkpoints = false;
  std::vector<ConfigEntry> given;
};

void print_plan(const AblationPlan& plan) {
  std::vector<std::vector<std::string>> lines{
      {"variant", "trained", "step", "generated", "memory MB", "what"}};
  for (const PlannedVariant& variant : plan.variants)
    lines.push_back({variant.name, amount_text(static_cast<double>(variant.cost.trained)),
                     amount_text(variant.cost.step_flop),
                     bytes_text(variant.cost.generated_bytes_per_row()),
                     megabytes_text(variant.cost.memory), variant.what});
  fmt::print("{}{}", text_table(lines), left_out_text(plan.left_out));
}

std::vector<AblationFigure> figures_of(const AblationReport& report,
                                       const std::vector<LearningCurve>& curves) {
  const std::string grey = "Grey: the full model. ";
  std::vector<AblationFigure> figures;
  if (report.what == "labels")
    figures.push_back({"labels.svg", fmt::format("{} by labels", report.metrics[0].name),
                       grey + "Means over the seeds; whiskers are a sample deviation.",
                       label_chart(report)});
  figures.push_back({"valid.svg", fmt::format("{} of the valid split", report.metrics[0].name),
                     grey + "A line for each seed.", valid_chart(curves, report)});
  figures.push_back({"train.svg", "Loss in training", grey + "A line for each seed.",
                     train_loss_chart(curves, report)});
  return figures;
}

void write_report(const AblationReport& report, const std::vector<LearningCurve>& curves,
                  const std::string& out) {
  const std::vector<AblationFigure> figures = figures_of(report, curves);
  write_text_atomically(out + "/ablation.csv", csv_of(report));
  write_text_atomically(out + "/curves.csv", csv_of(curves, report));
  std::string names;
  for (const AblationFigure& figure : figures) {
    write_text_atomically(out + "/" + figure.file, svg_file(figure.chart));
    names += figure.file + ", ";
  }
  write_text_atomically(out + "/ablation.html", html_of(report, figures));
  fmt::print("\n{}\nruns, table.csv, ablation.csv, curves.csv, {}ablation.html are in {}\n",
             text_of(report), names, out);
}

// Options of training go to every variant.
AblationRequest request_of(State& state) {
  AblationRequest request = state.request;
  request.fixed = options_of_every_run(state.given);
  return request;
}

int run(State& state) {
  const AblationRequest request = request_of(state);
  find_model(request.model);  // a wrong name is told first
  CTR_CHECK(state.plan || !state.out.empty(),
            "ablate: --out DIRECTORY is missing: where runs and reports go, and where the same "
            "command goes on");
  const Dataset data = data_of(request);
  const AblationPlan plan = plan_ablation(request, data);
  fmt::print("ablation  {}, {} on {}: {} variants by {} seeds\nfull      {}\n\n", plan.model,
             plan.what, data.schema.name, plan.variants.size(), plan.sweep.seeds.size(), plan.full);
  print_plan(plan);
  std::fflush(stdout);
  if (state.plan) return 0;
  fmt::print("\n");
  return run_sweep_here(
      plan.sweep, state.out, state.keep_checkpoints, [&](const SweepResult& result) {
        const AblationReport report = report_of(plan, result, data, state.out, state.confidence);
        write_report(report, learning_curves(plan, report, result, state.out), state.out);
      });
}

}  // namespace

Verb ablate_verb() {
  auto state = std::make_shared<State>();
  AblationRequest& request = state->request;
  Verb verb;
  verb.name = "ablate";
  verb.summary =
      "train a model and variants without one of its parts; differences, costs, a page with charts";
  verb.examples = {"ctrengine ablate --model apg --data taobao --out ablations/apg",
                   "ctrengine ablate --model mlora --plan",
                   "ctrengine ablate --model deepfm --what embeddings --out ablations/embeddings",
                   "ctrengine ablate --model peterrec --what labels --labels 100,400 --variants "
                   "fineall,finezero --data data/films-age --from runs/films --out ablations/few"};
  verb.options.add({"model", &request.model, "the full model"});
  verb.options.add(
      {"what",
       &request.what,
       "components of the model; its embeddings at equal memory; its variants on fewer "
       "labels",
       {"components", "embeddings", "labels"}});
  verb.options.add({"labels",
                    &request.labels,
                    "labels: rows to train on, a curve's places beside all; empty: a half, a "
                    "quarter, an eighth",
                    {},
                    1,
                    1e12});
  verb.options.add(
      {"variants", &request.variants, "those to run, with commas; empty: all that fit"});
  verb.options.add({"seeds", &request.seeds, "seeds of every variant", {}, 0, 9e15});
  verb.options.add({"budget",
                    &request.budget,
                    "embeddings: share of the plain tables' numbers that the others may have",
                    {},
                    1e-6,
                    1});
  verb.options.add({"most_cost",
                    &request.most_cost,
                    "variants whose step multiplies more than this times the full model's are left "
                    "out, unless named; 0: none",
                    {},
                    0,
                    1e9});
  verb.options.add({"confidence", &state->confidence, "of the intervals", {}, 0.01, 0.9999});
  verb.options.add({"out", &state->out, "the ablation's directory: new, or of this very one"});
  verb.options.add({"plan", &state->plan, "measure what the variants cost, list them and stop"});
  verb.options.add({"keep_checkpoints", &state->keep_checkpoints,
                    "also keep what `train --resume` needs of runs that are done"});
  OptionList of_train = joined(state->train.list(), state->model.list());
  for (const Setting& setting : short_protocol())  // what `--help` tells
    of_train.set(setting.option, setting.value, "ablate");
  for (const Option& option : of_train.all())
    if (option.name != "model" && option.name != "seed") verb.options.add(option);
  verb.given = [state](const std::vector<ConfigEntry>& entries) { state->given = entries; };
  verb.run = [state](const std::vector<std::string>&) { return run(*state); };
  return verb;
}

}  // namespace ctr
