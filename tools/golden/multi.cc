#include <nlohmann/json.hpp>

#include "engine/check.h"
#include "io/json.h"
#include "tools/golden/described.h"
#include "tools/golden/golden_embedding.h"
#include "tools/golden/sequences.h"
#include "tools/golden/star.h"
#include "tools/golden/tasks.h"

namespace ctr {

// Our names and options; null means "not of this variant".
Described described_by_us(const GoldenFile& file) {
  if (is_mlora(file)) return described_mlora(file);
  if (file.text("model") == "STAR") return described_star(file);
  if (is_task_model(file.text("model"))) return described_tasks(file);
  if (is_sequence_model(file.text("model"))) return described_sequences(file);
  CTR_CHECK_DATA(file.text("model") == "MLP", "golden: model '{}' is not known",
                 file.text("model"));
  Described d;
  d.model = "mlp";
  d.schema = schema_in(file);
  OptionList list = d.options.list();
  const Json options = json_in(file, "options");
  for (const auto& [key, value] : options.items()) {
    if (key == "embedding") continue;
    const bool may_be_null = key == "overparam_p" || key == "aggregation" ||
                             key == "aggregation_side" || key == "rank_k";
    if (!(value.is_null() && may_be_null)) set_option(list, key, value);
  }
  d.options.apg.attention_units = 1;
  const PeerShapes shapes = file.shapes("param/");
  if (const auto attention = shapes.find("condition/weight"); attention != shapes.end())
    d.options.apg.attention_units = attention->second.at(0);
  for (const auto& [name, shape] : shapes) d.names[name] = name;
  if (options.contains("embedding")) describe_embedding(options.at("embedding"), file, d);
  return d;
}

}  // namespace ctr
