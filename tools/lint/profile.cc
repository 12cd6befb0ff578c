#include "tools/lint/profile.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <numeric>

namespace ctr {
namespace {

void profile_numbers(FieldProfile& field, size_t split, std::span<const float> numbers,
                     std::span<const float> label) {
  for (size_t i = 0; i < numbers.size(); ++i) {
    field.values[split].add(static_cast<size_t>(number_bin(numbers[i])), label[i] > 0.5f);
    if (split != 0) continue;
    field.least = std::min(field.least, numbers[i]);
    field.most = std::max(field.most, numbers[i]);
  }
}

void profile_block(DataProfile& profile, const Schema& schema, size_t split,
                   const BlockView& block) {
  const std::span<const float> label = block.labels(0);
  profile.rows[split] += block.rows();
  profile.clicks[split] +=
      std::count_if(label.begin(), label.end(), [](float y) { return y > 0.5f; });
  for (size_t f = 0; f < schema.fields.size(); ++f) {
    const auto index = static_cast<int64_t>(f);
    FieldProfile& field = profile.fields[f];
    if (schema.fields[f].type == FieldType::numeric) {
      profile_numbers(field, split, block.numbers(index), label);
      continue;
    }
    const std::span<const int32_t> ids = block.ids(index);
    if (!schema.fields[f].is_list()) {
      for (size_t i = 0; i < ids.size(); ++i)
        field.values[split].add(static_cast<size_t>(ids[i]), label[i] > 0.5f);
      continue;
    }
    const std::span<const int64_t> offsets = block.offsets(index);
    for (size_t i = 0; i < label.size(); ++i) {
      const bool click = label[i] > 0.5f;
      for (int64_t k = offsets[i]; k < offsets[i + 1]; ++k)
        field.values[split].add(static_cast<size_t>(ids[static_cast<size_t>(k)]), click);
      const int64_t length = std::min(offsets[i + 1] - offsets[i], kLongest);
      field.lengths[split].add(static_cast<size_t>(length), click);
    }
  }
}

}  // namespace

ValueCounts::ValueCounts(int64_t values)
    : rows(static_cast<size_t>(values)), clicks(static_cast<size_t>(values)) {}

int64_t ValueCounts::total() const { return std::accumulate(rows.begin(), rows.end(), int64_t{0}); }

int64_t number_bin(float number) {
  const auto bits = std::bit_cast<uint32_t>(number + 0.0f);  // −0 becomes 0
  const uint32_t ascending = (bits >> 31) != 0 ? ~bits : bits | 0x80000000u;
  return ascending >> 16;
}

DataProfile profile_of(const Dataset& data) {
  DataProfile profile;
  for (const Field& field : data.schema.fields) {
    FieldProfile& counts = profile.fields.emplace_back();
    counts.least = std::numeric_limits<float>::max();
    counts.most = std::numeric_limits<float>::lowest();
    const int64_t values = field.type == FieldType::numeric ? kNumberBins : field.vocabulary;
    counts.values.fill(ValueCounts(values));
    if (field.is_list()) counts.lengths.fill(ValueCounts(kLongest + 1));
  }
  for (size_t s = 0; s < kSplitNames.size(); ++s) {
    const BlockFile& blocks = data.blocks(static_cast<Split>(s));
    for (int64_t b = 0; b < blocks.blocks(); ++b)
      profile_block(profile, data.schema, s, blocks.block(b));
  }
  return profile;
}

std::vector<double> smoothed_rates(const ValueCounts& trained) {
  constexpr double kPrior = 20;  // imaginary rows
  const double clicks = static_cast<double>(
      std::accumulate(trained.clicks.begin(), trained.clicks.end(), int64_t{0}));
  const double mean = (clicks + 1) / (static_cast<double>(trained.total()) + 2);
  std::vector<double> rates;
  for (size_t v = 0; v < trained.rows.size(); ++v) {
    rates.push_back((static_cast<double>(trained.clicks[v]) + kPrior * mean) /
                    (static_cast<double>(trained.rows[v]) + kPrior));
  }
  return rates;
}

double rate_auc(const ValueCounts& trained, const ValueCounts& held) {
  return counted_auc(smoothed_rates(trained), held.rows, held.clicks);
}

double counted_auc(const std::vector<double>& score, const std::vector<int64_t>& rows,
                   const std::vector<int64_t>& clicks) {
  std::vector<size_t> order;
  for (size_t v = 0; v < rows.size(); ++v)
    if (rows[v] > 0) order.push_back(v);
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return score[a] < score[b]; });
  double pairs = 0, all_clicks = 0, all_others = 0;
  for (size_t begin = 0; begin < order.size();) {
    double tied_clicks = 0, tied_others = 0;
    size_t end = begin;
    for (; end < order.size() && score[order[end]] == score[order[begin]]; ++end) {
      tied_clicks += static_cast<double>(clicks[order[end]]);
      tied_others += static_cast<double>(rows[order[end]] - clicks[order[end]]);
    }
    pairs += tied_clicks * (all_others + tied_others / 2);
    all_clicks += tied_clicks;
    all_others += tied_others;
    begin = end;
  }
  if (all_clicks == 0 || all_others == 0) return std::numeric_limits<double>::quiet_NaN();
  return pairs / (all_clicks * all_others);
}

}  // namespace ctr
