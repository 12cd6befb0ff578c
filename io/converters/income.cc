// census-income, adult: UCI's Census-Income (KDD) and Adult. Lines of cells with ", " between them,
// no header, '?' for a missing one. The test file is the published one; the training file is cut
// into train and valid.

#include <algorithm>
#include <filesystem>
#include <optional>
#include <sstream>

#include "engine/check.h"
#include "io/prepare/delimited.h"
#include "io/prepare/fields.h"
#include "io/prepare/prepare.h"

namespace ctr {
namespace {

// A label made of a column: 1 where a cell is `positive`, 0 where it is `negative` (empty: anything
// else). Both may end in a full stop, as all of Adult's test file do.
struct LabelRule {
  std::string column;  // and the label's name
  std::string_view positive, negative;

  std::optional<bool> of(std::string_view cell) const {
    const std::string_view bare = cell.ends_with('.') ? cell.substr(0, cell.size() - 1) : cell;
    if (bare == positive) return true;
    if (negative.empty() ? !cell.empty() : bare == negative) return false;
    return std::nullopt;
  }
  std::string expected() const {
    return negative.empty() ? fmt::format("'{}' or another text", positive)
                            : fmt::format("'{}' or '{}'", positive, negative);
  }
};

// Cells without the spaces around them, '?' made empty, labels made 0 and 1.
class IncomeSource : public RowSource {
 public:
  IncomeSource(std::vector<InputFile> files, const DelimitedOptions& options,
               std::vector<LabelRule> labels)
      : rows_(std::move(files), options), labels_(std::move(labels)) {
    for (const LabelRule& label : labels_)
      places_.push_back(static_cast<size_t>(
          std::find(columns().begin(), columns().end(), label.column) - columns().begin()));
  }

  const std::vector<std::string>& columns() const override { return rows_.columns(); }
  const std::vector<std::string>& files() const override { return rows_.files(); }
  void rewind() override { rows_.rewind(); }
  int64_t bytes_read() const override { return rows_.bytes_read(); }
  int64_t bytes_total() const override { return rows_.bytes_total(); }

  bool next(RawChunk& chunk, BadLines& bad) override {
    if (!rows_.next(chunk, bad)) return false;
    for (auto& column : chunk.columns)
      for (std::string_view& cell : column) strip(cell);
    std::vector<size_t> refused;
    for (size_t row = 0; row < static_cast<size_t>(chunk.rows); ++row)
      if (!label_row(chunk, row, bad)) refused.push_back(row);
    for (; !refused.empty(); refused.pop_back()) chunk.erase(refused.back());
    return true;
  }

 private:
  // The cell stays where it is in its line, for messages.
  static void strip(std::string_view& cell) {
    while (cell.starts_with(' ')) cell.remove_prefix(1);
    while (cell.ends_with(' ')) cell.remove_suffix(1);
    if (cell == "?") cell.remove_suffix(1);
  }

  bool label_row(RawChunk& chunk, size_t row, BadLines& bad) const {
    for (size_t l = 0; l < labels_.size(); ++l) {
      std::string_view& cell = chunk.columns[places_[l]][row];
      const std::optional<bool> positive = labels_[l].of(cell);
      if (!positive) {
        bad.report(
            place_of(rows_, chunk, static_cast<int64_t>(row), static_cast<int64_t>(places_[l])),
            labels_[l].expected(), quoted(cell));
        return false;
      }
      cell = *positive ? "1" : "0";
    }
    return true;
  }

  DelimitedSource rows_;
  std::vector<LabelRule> labels_;
  std::vector<size_t> places_;  // of the labels' columns
};

NameList words(const char* text) {
  NameList list;
  std::istringstream words(text);
  for (std::string word; words >> word;) list.push_back(word);
  return list;
}

// What tells the two apart.
struct IncomeData {
  std::string name, origin;
  std::string train, test;  // names of the files
  NameList columns;         // all of them, in order
  NameList numbers;         // those that are no categories
  std::string left_out;     // a column that is read on demand; empty: none
  std::vector<LabelRule> labels;
};

class Income : public Converter {
 public:
  explicit Income(IncomeData data) : data_(std::move(data)) {}

  OptionList options() override {
    OptionList list;
    list.add({"numeric",
              &numeric_,
              "numbers as they are, log(1 + x), or scaled by the training split",
              {"minmax", "raw", "log", "standard"}});
    list.add({"min_count", &min_count_, "rarer tokens are out of vocabulary", {}, 1, 1e9});
    if (!data_.left_out.empty())
      list.add({data_.left_out, &with_left_out_, "read it too: a feature like any other"});
    list.add({"split", &split_,
              "shares of train, valid and test in the training file, or in files that name no "
              "split"});
    list.add({"seed", &seed_, "of the split", {}, 0, 9e15});
    return list;
  }

  PreparePlan open(const std::vector<std::string>& inputs) override {
    DelimitedOptions delimited;
    delimited.quotes = false;
    delimited.header = false;
    delimited.names = data_.columns;
    delimited.comment = '|';  // "|1x3 Cross validator", the first line of adult.test
    delimited.shares = split_shares(split_);
    delimited.seed = static_cast<uint64_t>(seed_);
    PreparePlan plan;
    plan.schema.name = data_.name;
    plan.origin = fmt::format("{}, from {}", data_.origin, fmt::join(inputs, ", "));
    plan.schema.labels.clear();
    for (const LabelRule& label : data_.labels) plan.schema.labels.push_back(label.column);
    for (const std::string& column : data_.columns)
      if (is_feature(column)) plan.schema.fields.push_back(field_of(column));
    plan.source = std::make_unique<IncomeSource>(files_of(inputs), delimited, data_.labels);
    return plan;
  }

 private:
  // A directory's two files, or those named; where no valid file is, the training file is cut.
  std::vector<InputFile> files_of(const std::vector<std::string>& inputs) const {
    CTR_CHECK(!inputs.empty(), "prepare {}: name a directory, or train=FILE test=FILE", data_.name);
    if (inputs.size() == 1 && std::filesystem::is_directory(inputs[0])) {
      return {{file_of(inputs[0], data_.train), std::nullopt},
              {file_of(inputs[0], data_.test), Split::test}};
    }
    std::vector<InputFile> files = input_files(inputs);
    const bool cut = std::none_of(files.begin(), files.end(),
                                  [](const InputFile& file) { return file.split == Split::valid; });
    for (InputFile& file : files)
      if (cut && file.split == Split::train) file.split.reset();
    return files;
  }

  static std::string file_of(const std::string& folder, const std::string& name) {
    std::string path = find_file(folder, name);
    CTR_CHECK_DATA(!path.empty(), "{}: there is no file '{}' (or {}.gz)", folder, name, name);
    return path;
  }

  bool is_feature(const std::string& column) const {
    const bool label = std::any_of(data_.labels.begin(), data_.labels.end(),
                                   [&](const LabelRule& rule) { return rule.column == column; });
    return !label && (column != data_.left_out || with_left_out_);
  }

  Field field_of(const std::string& column) const {
    const NameList& numbers = data_.numbers;
    if (std::find(numbers.begin(), numbers.end(), column) == numbers.end())
      return token_field(column, FieldRole::none, min_count_);
    return number_field(column, numeric_ == "log"        ? NumberRule::log
                                : numeric_ == "minmax"   ? NumberRule::minmax
                                : numeric_ == "standard" ? NumberRule::standard
                                                         : NumberRule::raw);
  }

  IncomeData data_;
  std::string numeric_ = "minmax", split_ = "0.9,0.1,0";
  int64_t min_count_ = 1, seed_ = 123;
  bool with_left_out_ = false;
};

IncomeData census_income() {
  IncomeData data;
  data.name = "census-income";
  data.origin = "Census-Income (KDD) of UCI";
  data.train = "census-income.data";
  data.test = "census-income.test";
  data.columns = words(
      "age class_worker detailed_industry detailed_occupation education wage_per_hour "
      "enrolled_in_education never_married major_industry major_occupation race hispanic_origin "
      "sex union_member reason_for_unemployment full_or_part_time capital_gains capital_losses "
      "dividends tax_filer previous_region previous_state detailed_household household_summary "
      "instance_weight migration_msa migration_region migration_within_region "
      "lived_here_a_year_ago migration_sunbelt persons_for_employer family_under_18 "
      "birth_country_father birth_country_mother birth_country citizenship own_business "
      "veterans_questionnaire veterans_benefits weeks_worked year income");
  data.numbers = words(
      "age wage_per_hour capital_gains capital_losses dividends instance_weight "
      "persons_for_employer own_business veterans_benefits weeks_worked year");
  data.left_out = "instance_weight";
  data.labels = {{"income", "50000+", "- 50000"}, {"never_married", "Never married", ""}};
  return data;
}

IncomeData adult() {
  IncomeData data;
  data.name = "adult";
  data.origin = "Adult of UCI";
  data.train = "adult.data";
  data.test = "adult.test";
  data.columns = words(
      "age workclass fnlwgt education education_num marital_status occupation relationship race "
      "sex capital_gain capital_loss hours_per_week native_country income");
  data.numbers = words("age fnlwgt education_num capital_gain capital_loss hours_per_week");
  data.labels = {{"income", ">50K", "<=50K"}};
  return data;
}

}  // namespace

ConverterInfo converter_census_income() {
  return {"census-income", "UCI's Census-Income (KDD): tasks income and never_married", "DIRECTORY",
          "ctrengine prepare census-income census/ --out data/census-income",
          [] { return std::make_unique<Income>(census_income()); }};
}

ConverterInfo converter_adult() {
  return {"adult", "UCI's Adult: income above 50K", "DIRECTORY",
          "ctrengine prepare adult adult/ --out data/adult",
          [] { return std::make_unique<Income>(adult()); }};
}

}  // namespace ctr
