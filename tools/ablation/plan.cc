#include "tools/ablation/plan.h"

#include <algorithm>
#include <map>
#include <new>
#include <optional>

#include "engine/check.h"
#include "engine/nearest.h"
#include "io/checksum.h"
#include "io/data_catalog.h"
#include "io/only_domains.h"
#include "models/model.h"
#include "tools/ablation/embeddings.h"
#include "tools/ablation/labels.h"
#include "tools/presets.h"

namespace ctr {
namespace {

using Texts = std::map<std::string, std::string>;  // option → value

bool fixes(const AblationRequest& request, const std::string& option) {
  return std::any_of(request.fixed.begin(), request.fixed.end(),
                     [&](const ConfigEntry& entry) { return entry.name == option; });
}

// All options of a run but its seed.
Texts texts_of(PlannedRun& run) {
  Texts texts;
  const OptionList options = joined(run.train.list(), run.model.list());
  for (const Option& option : options.all())
    if (option.name != "seed") texts[option.name] = OptionList::text_of(option);
  return texts;
}

std::string difference(const Texts& from, const Texts& to) {
  std::string text;
  for (const auto& [option, value] : to) {
    if (from.at(option) == value) continue;
    if (!text.empty()) text += ' ';
    text.append(option).append("=").append(value);
  }
  return text;
}

// Settings as entries; `missing` gets a role that the data has not.
void append(std::vector<ConfigEntry>& entries, const std::vector<Setting>& settings,
            const Schema& schema, std::string& missing) {
  for (const Setting& setting : settings) {
    std::string without;
    const std::string value = with_fields(setting.value, schema, without);
    if (missing.empty()) missing = without;
    if (without.empty()) entries.push_back({setting.option, value, "ablate"});
  }
}

// Plans one variant after another.
class Planner {
 public:
  Planner(const AblationRequest& request, const Dataset& data, Ablation table)
      : request_(request), data_(data), table_(std::move(table)) {
    plan_.model = request.model;
    plan_.what = request.what;
    plan_.full = table_.full;
    plan_.sweep.verb = "ablate";
    plan_.sweep.noun = "ablation";
    plan_.sweep.axes = {{"variant", {}}};
    plan_.sweep.seeds = checked_seeds(request.seeds, "ablate");
    fix();
    plan_.sweep.fixed["model"] = request.model;
    plan_.sweep.fixed["what"] = request.what;
    check_names();
  }

  AblationPlan plan();

 private:
  void fix();
  void check_names() const;
  bool wanted(const Variant& variant) const;
  PlannedRun run_of(const Variant& variant, int64_t seed, std::string& missing) const;
  // Why it does not run, or nothing: then it is in the plan.
  std::string refusal(const Variant& variant);
  std::string repeated(const Texts& texts) const;
  const PlannedVariant* planned(const std::string& name) const;  // null: not in the plan
  void add(const Variant& variant, PlannedRun run, const Texts& texts, const VariantCost& cost);

  const AblationRequest& request_;
  const Dataset& data_;
  const Ablation table_;
  AblationPlan plan_;
  std::vector<Variant> included_;
  std::vector<Texts> texts_;  // of those
};

// Values in one spelling.
void Planner::fix() {
  TrainOptions train;
  ModelOptions model;
  OptionList known = joined(train.list(), model.list());
  for (const ConfigEntry& entry : request_.fixed) {
    known.set(entry.name, entry.text, entry.where);
    plan_.sweep.fixed[entry.name] = OptionList::text_of(*known.find(entry.name));
  }
}

void Planner::check_names() const {
  std::vector<std::string> known;
  for (const Variant& variant : table_.variants) known.push_back(variant.name);
  for (const std::string& name : request_.variants)
    CTR_CHECK(name == kFullModel || std::find(known.begin(), known.end(), name) != known.end(),
              "ablate: {} has no variant '{}'{}", request_.model, name,
              advice_on_name(name, known));
}

bool Planner::wanted(const Variant& variant) const {
  const NameList& names = request_.variants;
  const std::string& name = variant.method.empty() ? variant.name : variant.method;
  return names.empty() || name == kFullModel ||
         std::find(names.begin(), names.end(), name) != names.end();
}

PlannedRun Planner::run_of(const Variant& variant, int64_t seed, std::string& missing) const {
  PlannedRun run;
  std::vector<ConfigEntry> entries{{"model", table_.model, "ablate"}};
  std::string ignored;
  if (!fixes(request_, "preset")) append(entries, short_protocol(), data_.schema, ignored);
  append(entries, table_.base, data_.schema, ignored);
  entries.insert(entries.end(), request_.fixed.begin(), request_.fixed.end());
  append(entries, variant.settings, data_.schema, missing);
  entries.push_back({"seed", std::to_string(seed), "ablate: --seeds"});
  OptionList options = joined(run.train.list(), run.model.list());
  set_in_order(options, entries,
               [&run](const std::string& model) { find_model(model).preset(run.model); });
  run.name = fmt::format("variant={}_seed={}", variant.name, seed);
  run.values = {variant.name};
  return run;
}

std::string Planner::repeated(const Texts& texts) const {
  for (size_t i = 0; i < texts_.size(); ++i)
    if (texts_[i] == texts) return fmt::format("with these options it is '{}'", included_[i].name);
  return {};
}

const PlannedVariant* Planner::planned(const std::string& name) const {
  for (const PlannedVariant& variant : plan_.variants)
    if (variant.name == name) return &variant;
  return nullptr;
}

void Planner::add(const Variant& variant, PlannedRun run, const Texts& texts,
                  const VariantCost& cost) {
  std::string all;
  for (const auto& [option, value] : texts)
    all.append(option).append("=").append(value).append("\n");
  plan_.sweep.axes[0].values.push_back(
      {variant.name, variant.name, checksum_text(checksum_of(all))});
  const std::string settings = texts_.empty() ? "" : difference(texts_[0], texts);
  const int64_t rows = data_.rows(Split::train), few = run.train.train_rows;
  PlannedVariant one{variant.name, variant.group, variant.what, settings, {}, 0, 0, cost};
  one.method = variant.method.empty() ? variant.name : variant.method;
  one.rows = few > 0 ? std::min(few, rows) : rows;
  one.beside = included_.size();  // itself: what others are compared with
  for (size_t i = 0; i < included_.size(); ++i)
    if (included_[i].name == variant.beside) one.beside = i;
  plan_.variants.push_back(std::move(one));
  run.combination = included_.size();
  plan_.sweep.runs.push_back(std::move(run));
  included_.push_back(variant);
  texts_.push_back(texts);
}

std::string Planner::refusal(const Variant& variant) {
  std::string missing;
  PlannedRun run = run_of(variant, request_.seeds.front(), missing);
  if (!missing.empty())
    return fmt::format("data set '{}' marks no {} field", data_.schema.name, missing);
  std::string reason = variant.unfit({data_.schema, run.model});
  const Texts texts = texts_of(run);
  if (reason.empty()) reason = repeated(texts);
  if (!reason.empty()) return reason;
  VariantCost cost;
  try {
    const PlannedVariant* method = planned(variant.method);
    cost = method != nullptr ? method->cost : measure_cost(run, data_);
  } catch (const Error& error) {
    if (texts_.empty()) throw;  // the full model
    return error.what();
  } catch (const std::bad_alloc&) {
    return "out of memory; use a smaller --batch-size";
  }
  const double most = request_.most_cost;
  const double full = texts_.empty() ? cost.step_flop : plan_.variants[0].cost.step_flop;
  if (most > 0 && request_.variants.empty() && full > 0 && cost.step_flop > most * full)
    return fmt::format(
        "a step multiplies {:.0f} times what the full model's does; name it in --variants, or set "
        "--most-cost",
        cost.step_flop / full);
  add(variant, std::move(run), texts, cost);
  return {};
}

AblationPlan Planner::plan() {
  const std::string reason = refusal({kFullModel, "", table_.full});
  CTR_CHECK(reason.empty(), "ablate: {}: {}", kFullModel, reason);
  for (const Variant& variant : table_.variants) {
    if (!wanted(variant)) continue;
    const std::string why = refusal(variant);
    if (!why.empty()) plan_.left_out.push_back({variant.name, variant.what, why});
  }
  std::vector<PlannedRun> runs;
  std::string missing;
  for (int64_t seed : plan_.sweep.seeds) {
    for (size_t i = 0; i < included_.size(); ++i) {
      runs.push_back(run_of(included_[i], seed, missing));
      runs.back().combination = i;
    }
  }
  plan_.sweep.runs = std::move(runs);
  return std::move(plan_);
}

// The table of the request's model; embeddings are sized by the options of its full model.
Ablation table_of(const AblationRequest& request, const Dataset& data) {
  if (request.what == "components") return find_ablation(request.model);
  if (request.what == "labels")
    return label_ablation(find_ablation(request.model), request.labels, data.rows(Split::train));
  std::vector<ConfigEntry> entries = request.fixed;
  entries.push_back({"model", find_model(request.model).name, "ablate"});
  TrainOptions train;
  ModelOptions model;
  OptionList options = joined(train.list(), model.list());
  set_in_order(options, entries,
               [&model](const std::string& name) { find_model(name).preset(model); });
  return embedding_ablation(request.model, data.schema, data.vectors, model, request.budget);
}

}  // namespace

const std::vector<Setting>& short_protocol() {
  static const std::vector<Setting> settings{{"epochs", "10"}, {"patience", "2"}};
  return settings;
}

Dataset data_of(const AblationRequest& request) {
  TrainOptions train;
  for (const ConfigEntry& entry : request.fixed)
    if (entry.name == "data" || entry.name == "only_domains")
      train.list().set(entry.name, entry.text, entry.where);
  return only_domains(open_dataset(train.data), train.only_domains);
}

AblationPlan plan_ablation(const AblationRequest& request, const Dataset& data) {
  return Planner(request, data, table_of(request, data)).plan();
}

}  // namespace ctr
