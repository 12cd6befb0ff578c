#include "tools/sweep/table.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <sstream>
#include <utility>

#include "engine/check.h"
#include "io/file.h"
#include "tools/text_table.h"

namespace ctr {
namespace {

constexpr std::pair<const char*, double Metrics::*> kMetrics[] = {
    {"auc", &Metrics::auc},   {"logloss", &Metrics::logloss}, {"mean_auc", &Metrics::mean_auc},
    {"wauc", &Metrics::wauc}, {"gauc", &Metrics::gauc},       {"pcoc", &Metrics::pcoc}};
constexpr std::pair<const char*, int64_t SweepRow::*> kCounts[] = {
    {"best_epoch", &SweepRow::best_epoch},
    {"epochs", &SweepRow::epochs},
    {"steps", &SweepRow::steps},
    {"parameters", &SweepRow::parameters}};
constexpr std::pair<const char*, Metrics SweepRow::*> kSplits[] = {{"valid", &SweepRow::valid},
                                                                   {"test", &SweepRow::test}};
constexpr std::pair<const char*, double SweepRow::*> kTimes[] = {
    {"seconds", &SweepRow::seconds}, {"samples_per_s", &SweepRow::samples_per_s}};

// Calls f(name, value) for each metric of a row, in the order of their columns.
template <class M, class F>
void for_each_metric(M&& metrics, const F& f) {
  for (const auto& [name, member] : kMetrics) f(name, metrics.*member);
  for (const auto& [name, member] : kRankMetrics) f(name, metrics.ranking.*member);
}

std::vector<std::string> csv_cells(const std::string& line) {
  std::vector<std::string> cells(1);
  bool quoted = false;
  for (size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (c == '"' && quoted && i + 1 < line.size() && line[i + 1] == '"') {
      cells.back() += line[++i];
    } else if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      cells.emplace_back();
    } else {
      cells.back() += c;
    }
  }
  return cells;
}

// Nothing stands for a number that is not defined.
template <class T>
T parsed(const std::string& text, const std::string& where, const std::string& column) {
  T value{};
  if constexpr (std::is_same_v<T, double>)
    if (text.empty()) return std::numeric_limits<double>::quiet_NaN();
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  CTR_CHECK_DATA(code == std::errc() && end == text.data() + text.size(),
                 "{}: expected a number in column '{}', found '{}'", where, column, text);
  return value;
}

std::vector<std::string> columns_of(const std::vector<Axis>& axes) {
  std::vector<std::string> columns{"run", "model"};
  for (const Axis& axis : axes)
    if (axis.option != "model") columns.push_back(axis.option);
  columns.insert(columns.end(), {"seed", "status"});
  for (const auto& [name, member] : kCounts) columns.emplace_back(name);
  for (const auto& [split, of_split] : kSplits)
    for_each_metric(Metrics{}, [&](const char* name, double) {
      columns.push_back(fmt::format("{}_{}", split, name));
    });
  for (const auto& [name, member] : kTimes) columns.emplace_back(name);
  columns.emplace_back("error");
  return columns;
}

}  // namespace

SweepTable::SweepTable(std::string path, const std::vector<Axis>& axes)
    : path_(std::move(path)), axes_(axes), columns_(columns_of(axes)) {
  if (!std::filesystem::exists(path_)) return;
  std::istringstream text(read_text(path_));
  std::string line;
  std::getline(text, line);
  CTR_CHECK_DATA(line + '\n' == csv_line(columns_),
                 "{}:1: expected the columns {}, found '{}'; move the file away, or choose another "
                 "--out",
                 path_, fmt::join(columns_, ","), line);
  for (int64_t number = 2; std::getline(text, line); ++number)
    rows_.push_back(row_of(csv_cells(line), fmt::format("{}:{}", path_, number)));
}

std::vector<std::string> SweepTable::cells_of(const SweepRow& row) const {
  std::vector<std::string> cells{row.run, row.model};
  for (size_t a = 0; a < axes_.size(); ++a)
    if (axes_[a].option != "model") cells.push_back(row.values[a]);
  cells.push_back(std::to_string(row.seed));
  cells.emplace_back(row.done() ? "done" : "failed");
  for (const auto& [name, member] : kCounts) cells.push_back(std::to_string(row.*member));
  for (const auto& [split, of_split] : kSplits)
    for_each_metric(row.*of_split, [&](const char*, double value) {
      cells.push_back(row.done() ? csv_number(value) : "");
    });
  for (const auto& [name, member] : kTimes) cells.push_back(csv_number(row.*member));
  cells.push_back(row.error);
  return cells;
}

SweepRow SweepTable::row_of(const std::vector<std::string>& cells, const std::string& where) const {
  CTR_CHECK_DATA(cells.size() == columns_.size(), "{}: expected {} columns, found {}", where,
                 columns_.size(), cells.size());
  SweepRow row;
  size_t at = 0;
  auto next = [&]() -> const std::string& { return cells[at++]; };
  auto next_number = [&](auto& value) {
    const std::string& text = next();
    value = parsed<std::remove_reference_t<decltype(value)>>(text, where, columns_[at - 1]);
  };
  row.run = next();
  row.model = next();
  for (const Axis& axis : axes_) row.values.push_back(axis.option == "model" ? row.model : next());
  next_number(row.seed);
  const bool done = next() == "done";
  for (const auto& [name, member] : kCounts) next_number(row.*member);
  for (const auto& [split, of_split] : kSplits)
    for_each_metric(row.*of_split, [&](const char*, double& value) { next_number(value); });
  for (const auto& [name, member] : kTimes) next_number(row.*member);
  row.error = next();
  CTR_CHECK_DATA(done == row.done(), "{}: the column 'status' does not fit the column 'error'",
                 where);
  return row;
}

const SweepRow* SweepTable::find(const std::string& run) const {
  for (const SweepRow& row : rows_)
    if (row.run == run) return &row;
  return nullptr;
}

void SweepTable::put(const SweepRow& row) {
  std::erase_if(rows_, [&](const SweepRow& other) { return other.run == row.run; });
  rows_.push_back(row);
  std::string text = csv_line(columns_);
  for (const SweepRow& each : rows_) text += csv_line(cells_of(each));
  write_text_atomically(path_, text);
}

}  // namespace ctr
