#include <algorithm>
#include <charconv>
#include <memory>

#include <fmt/format.h>

#include "engine/check.h"
#include "models/model.h"
#include "tools/ablation/variants.h"
#include "tools/bench/apg_complexity.h"
#include "tools/text_table.h"
#include "tools/verbs.h"

namespace ctr {
namespace {

struct ShowState {
  bool complexity = false;
  int64_t rows = 64;
  double memory_gb = 1;
};

// What the model's preset changes, "rank_k=16 overparam_p=32".
std::string preset_text(const ModelInfo& info) {
  ModelOptions plain, preset;
  info.preset(preset);
  const OptionList before = plain.list(), after = preset.list();
  std::string text;
  for (size_t i = 0; i < before.all().size(); ++i) {
    const std::string value = OptionList::text_of(after.all()[i]);
    if (value == OptionList::text_of(before.all()[i])) continue;
    if (!text.empty()) text += ' ';
    text.append(after.all()[i].name).append("=").append(value);
  }
  return text.empty() ? "none" : text;
}

int show_model(const ModelInfo& info) {
  fmt::print("{}\n  {}\n  {}\n  preset    {}\n", info.name, info.title, info.paper,
             preset_text(info));
  for (const Ablation& ablation : ablations()) {
    if (ablation.model != info.name) continue;
    fmt::print("  variants of `ctrengine ablate --model {}`\n", info.name);
    for (const Variant& variant : ablation.variants)
      fmt::print("    {:<20} {}\n", variant.name, variant.what);
  }
  return 0;
}

int64_t size_of_argument(const std::string& text) {
  int64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  CTR_CHECK(code == std::errc() && end == text.data() + text.size(),
            "models show: expected a whole number, got '{}'", text);
  return value;
}

std::string number(double value) {
  if (value >= 1e6) return fmt::format("{:.4g} M", value / 1e6);
  return fmt::format("{:.0f}", value);
}

// The formula's number, and the counted one behind it: only `=` where they agree.
std::string both(double formula, double counted, bool measured) {
  if (!measured) return number(formula);
  return formula == counted ? number(formula) + " =" : number(formula) + " / " + number(counted);
}

int show_complexity(const ApgSizes& s, const ShowState& state) {
  const std::vector<ApgVersion> versions = apg_complexity(s, state.rows, 1e9 * state.memory_gb);
  fmt::print("a layer of APG: N = {}, M = {}, K = {}, D = {}{}\n\n", s.n, s.m, s.k, s.d,
             s.p > 0 ? fmt::format(", P = {}", s.p) : "");
  std::vector<std::vector<std::string>> formulas{{"version", "multiply-adds a row", "weights"}};
  std::vector<std::vector<std::string>> lines{{"version", "multiply-adds a row", "once a batch",
                                               "weights", "generated a row", "us a row",
                                               "multiply-adds / us"}};
  for (const ApgVersion& v : versions) {
    formulas.push_back({v.name, v.time, v.memory});
    auto cell = [&](double LayerCost::*part) {
      return both(v.formula.*part, v.counted.*part, v.measured);
    };
    lines.push_back({v.name, cell(&LayerCost::row_macs), cell(&LayerCost::batch_macs),
                     cell(&LayerCost::weights), cell(&LayerCost::generated),
                     v.measured ? fmt::format("{:.2f}", v.row_us) : v.refused,
                     v.measured ? fmt::format("{:.0f}", v.formula.row_macs / v.row_us) : ""});
  }
  fmt::print("{}\n{}\n", text_table(formulas), text_table(lines));
  fmt::print(
      "The first figure is the formula's, the one after / was counted in a layer that was built "
      "and run over\n{} rows; = where they are equal. Biases are in neither. Generated are "
      "numbers that nets make, and W\nwhere it is multiplied out. Times are medians of forward "
      "passes as in training, all threads.\n",
      state.rows);
  return 0;
}

int show(const std::vector<std::string>& arguments, const ShowState& state) {
  CTR_CHECK(!arguments.empty(), "models show: name a model, as in `ctrengine models show apg`");
  const ModelInfo& info = find_model(arguments[0]);
  if (!state.complexity) {
    CTR_CHECK(arguments.size() == 1, "models show: unexpected argument '{}'", arguments[1]);
    return show_model(info);
  }
  CTR_CHECK(info.name == "apg", "models show: --complexity is known of apg alone, got '{}'",
            info.name);
  CTR_CHECK(arguments.size() == 5 || arguments.size() == 6,
            "models show: --complexity takes N M K D and perhaps P, as in `ctrengine models show "
            "apg --complexity 1024 512 32 1024`; got {} numbers",
            arguments.size() - 1);
  ApgSizes sizes{size_of_argument(arguments[1]), size_of_argument(arguments[2]),
                 size_of_argument(arguments[3]), size_of_argument(arguments[4]), 0};
  if (arguments.size() == 6) sizes.p = size_of_argument(arguments[5]);
  return show_complexity(sizes, state);
}

int list_models() {
  size_t name = 0, title = 0;  // widths of the columns
  for (const ModelInfo& model : model_list()) {
    name = std::max(name, model.name.size());
    title = std::max(title, model.title.size());
  }
  for (const ModelInfo& model : model_list())
    fmt::print("{:<{}}  {:<{}}  {}\n", model.name, name, model.title, title, model.paper);
  return 0;
}

Verb show_verb() {
  auto state = std::make_shared<ShowState>();
  Verb verb;
  verb.name = "show";
  verb.summary = "one model: paper, preset, variants; --complexity: what a layer of APG costs";
  verb.examples = {"ctrengine models show mlora",
                   "ctrengine models show apg --complexity 1024 512 32 1024",
                   "ctrengine models show apg --complexity 256 128 16 64 32"};
  verb.arguments = "MODEL";
  verb.options.add({"complexity", &state->complexity,
                    "apg: time and memory of a layer by version, formulas beside counts; N M K D "
                    "and perhaps P follow"});
  verb.options.add({"rows", &state->rows, "of the batch that is measured", {}, 1, 1 << 20});
  verb.options.add({"memory_gb",
                    &state->memory_gb,
                    "a version that needs more for weights and what it generates is not run",
                    {},
                    0,
                    1e6});
  verb.run = [state](const std::vector<std::string>& arguments) { return show(arguments, *state); };
  return verb;
}

}  // namespace

Verb models_verb() {
  Verb verb;
  verb.name = "models";
  verb.summary = "list the models, or show one";
  verb.examples = {"ctrengine models", "ctrengine models show apg", "ctrengine train --help"};
  verb.verbs = {show_verb()};
  verb.run = [](const std::vector<std::string>&) { return list_models(); };
  return verb;
}

}  // namespace ctr
