#include "tools/slices.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <unordered_set>

#include "engine/check.h"

namespace ctr {
namespace {

constexpr size_t kClasses = 4;

// Rows of each id of a categorical field in the training split.
std::vector<int64_t> count_ids(const Dataset& data, int64_t field, int64_t vocabulary) {
  std::vector<int64_t> counts(static_cast<size_t>(vocabulary));
  for_each_id(data, Split::train, field, [&](int32_t id) { ++counts[static_cast<size_t>(id)]; });
  return counts;
}

Slice measure_slice(const std::string& field, Frequency frequency,
                    const std::vector<double>& probability, const std::vector<double>& label,
                    size_t ids) {
  Slice slice;
  slice.field = field;
  slice.frequency = frequency;
  slice.ids = static_cast<int64_t>(ids);
  slice.rows = static_cast<int64_t>(label.size());
  slice.clicks = std::count_if(label.begin(), label.end(), [](double y) { return y > 0.5; });
  slice.click_rate = static_cast<double>(slice.clicks) / static_cast<double>(slice.rows);
  slice.auc = auc(probability, label);
  slice.logloss = log_loss(probability, label);
  slice.pcoc = pcoc(probability, label);
  return slice;
}

}  // namespace

const char* name_of(Frequency frequency) {
  constexpr std::array<const char*, kClasses> kNames{"head", "torso", "tail", "unseen"};
  return kNames[static_cast<size_t>(frequency)];
}

std::vector<Frequency> frequency_classes(const std::vector<int64_t>& counts) {
  std::vector<size_t> order(counts.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return counts[a] > counts[b]; });
  const int64_t total = std::accumulate(counts.begin(), counts.end(), int64_t{0});
  std::vector<Frequency> classes(counts.size(), Frequency::unseen);
  int64_t before = 0;
  for (size_t id : order) {
    if (counts[id] == 0) break;
    classes[id] = 3 * before < total       ? Frequency::head
                  : 3 * before < 2 * total ? Frequency::torso
                                           : Frequency::tail;
    before += counts[id];
  }
  return classes;
}

std::vector<Slice> slices(const Dataset& trained, const Dataset& scored, Split split,
                          const Scores& scores) {
  std::vector<Slice> result;
  for (FieldRole role : {FieldRole::user, FieldRole::item, FieldRole::domain}) {
    const int64_t index = trained.schema.index_of(role);
    if (index < 0) continue;
    const Field& field = trained.schema.fields[static_cast<size_t>(index)];
    if (field.type != FieldType::categorical) continue;
    std::vector<int64_t> counts = count_ids(trained, index, field.vocabulary);
    if (field.unseen_id() >= 0) counts[static_cast<size_t>(field.unseen_id())] = 0;
    const std::vector<Frequency> classes = frequency_classes(counts);
    CTR_ASSERT(scored.rows(split) == std::ssize(scores.label));
    std::array<std::vector<double>, kClasses> probability, label;
    std::array<std::unordered_set<int32_t>, kClasses> distinct;
    size_t row = 0;
    for_each_id(scored, split, index, [&](int32_t id) {
      const auto at = static_cast<size_t>(classes[static_cast<size_t>(id)]);
      probability[at].push_back(scores.probability[row]);
      label[at].push_back(scores.label[row]);
      distinct[at].insert(id);
      ++row;
    });
    for (size_t c = 0; c < kClasses; ++c) {
      if (label[c].empty()) continue;
      result.push_back(measure_slice(field.name, static_cast<Frequency>(c), probability[c],
                                     label[c], distinct[c].size()));
    }
  }
  return result;
}

}  // namespace ctr
