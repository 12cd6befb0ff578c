#include "tools/ablation/labels.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/check.h"

namespace ctr {
namespace {

Variant on_rows(const Variant& method, int64_t rows) {
  Variant variant = method;
  variant.name = fmt::format("{}-{}", method.name, rows);
  variant.group = fmt::format("{} rows", rows);
  variant.settings.push_back({"train_rows", std::to_string(rows)});
  variant.method = method.name;
  variant.beside = fmt::format("{}-{}", kFullModel, rows);
  return variant;
}

}  // namespace

Ablation label_ablation(Ablation table, IntList rows, int64_t all) {
  if (rows.empty()) rows = {all / 2, all / 4, all / 8};
  std::sort(rows.begin(), rows.end(), std::greater<>());
  const std::vector<Variant> methods = table.variants;
  for (const int64_t few : rows) {
    CTR_CHECK(few > 0 && few < all,
              "ablate: --labels {}: the data has {} training rows; name numbers below", few, all);
    table.variants.push_back(on_rows({kFullModel, "", table.full}, few));
    for (const Variant& method : methods) table.variants.push_back(on_rows(method, few));
  }
  return table;
}

}  // namespace ctr
