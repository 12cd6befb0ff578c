#include <memory>

#include <fmt/format.h>

#include "engine/check.h"
#include "io/data_catalog.h"
#include "tools/run_directory.h"
#include "tools/scores.h"
#include "tools/verbs.h"

namespace ctr {
namespace {

int run(const std::string& path, const std::string& split_name) {
  SavedRun saved = read_config(path);
  const Dataset data = open_dataset(saved.train.data);
  BuiltModel built(find_model(saved.train.model), data, saved.model,
                   saved.train.precision == "f64" ? DType::f64 : DType::f32,
                   static_cast<uint64_t>(saved.train.seed));
  load_weights(path, built.store());
  Split split = split_name == "train"   ? Split::train
                : split_name == "valid" ? Split::valid
                                        : Split::test;
  Metrics m = evaluate(built, data, split, 4096);
  if (!data.note.empty()) fmt::print("note      {}\n", data.note);
  fmt::print("{} of {} on {}, {} rows\n\n", saved.train.model, path, split_name, data.rows(split));
  fmt::print(
      "  AUC       {:.6f}\n  log-loss  {:.6f}\n  mean AUC  {:.6f}\n  WAUC      {:.6f}\n  PCOC      "
      "{:.4f}\n\n",
      m.auc, m.logloss, m.mean_auc, m.wauc, m.pcoc);
  for (size_t d = 0; d < m.domain_auc.size(); ++d) {
    fmt::print("  {:<12} AUC {:.4f}\n", data.schema.domain_names[d], m.domain_auc[d]);
  }
  return 0;
}

}  // namespace

Verb evaluate_verb() {
  auto split = std::make_shared<std::string>("test");
  Verb verb;
  verb.name = "evaluate";
  verb.summary = "score a trained run on a split of its data";
  verb.examples = {"ctrengine evaluate runs/apg-taobao-1",
                   "ctrengine evaluate runs/apg-taobao-1 --split valid"};
  verb.arguments = "RUN";
  verb.options.add({"split", split.get(), "the split to score", {"train", "valid", "test"}});
  verb.run = [split](const std::vector<std::string>& arguments) {
    CTR_CHECK(arguments.size() == 1,
              "evaluate: name one run directory, as in `ctrengine evaluate runs/apg-taobao-1`");
    return run(arguments[0], *split);
  };
  return verb;
}

}  // namespace ctr
