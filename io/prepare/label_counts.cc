#include "io/prepare/label_counts.h"

#include "engine/check.h"

namespace ctr {

LabelCounts::LabelCounts(const Schema& schema)
    : schema_(schema), domain_field_(schema.index_of(FieldRole::domain)) {
  for (auto& counts : counts_) counts.resize(static_cast<size_t>(schema.domains));
}

void LabelCounts::add(size_t split, const Columns& rows) {
  if (rows.labels.empty()) return;
  for (size_t row = 0; row < static_cast<size_t>(rows.rows); ++row) {
    const auto domain =
        domain_field_ < 0
            ? size_t{0}
            : static_cast<size_t>(rows.fields[static_cast<size_t>(domain_field_)].ids[row]);
    Count& count = counts_[split][domain];
    ++count.rows;
    count.clicks += rows.labels[0][row];
  }
}

std::vector<std::string> LabelCounts::warnings() const {
  std::vector<std::string> result;
  for (size_t split = 0; split < kSplitNames.size(); ++split) {
    int64_t rows = 0;
    for (const Count& count : counts_[split]) rows += count.rows;
    if (rows == 0) {
      result.push_back(fmt::format("the {} split has no rows", kSplitNames[split]));
      continue;
    }
    for (size_t d = 0; d < counts_[split].size(); ++d) {
      const Count& count = counts_[split][d];
      const bool one_class = count.clicks <= 0 || count.clicks >= static_cast<double>(count.rows);
      if (!one_class) continue;
      const std::string who = d < schema_.domain_names.size()
                                  ? fmt::format("domain '{}'", schema_.domain_names[d])
                                  : "the data";
      result.push_back(count.rows == 0
                           ? fmt::format("{} has no rows in the {} split", who, kSplitNames[split])
                           : fmt::format("{} has one class in the {} split ({} rows, {:g} clicks): "
                                         "it has no AUC there",
                                         who, kSplitNames[split], count.rows, count.clicks));
    }
  }
  return result;
}

}  // namespace ctr
