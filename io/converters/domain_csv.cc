// domain-csv: interaction data in a file per domain and part, such as d{domain}_{split}.csv.gz.

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <optional>
#include <regex>

#include "engine/check.h"
#include "engine/nearest.h"
#include "io/prepare/fields.h"
#include "io/prepare/lines.h"
#include "io/prepare/negatives.h"
#include "io/prepare/prepare.h"

namespace ctr {
namespace {

struct DomainFile {
  std::string path, domain;
  std::optional<Split> split;
};

// "train", "val", …; throws on another name.
Split split_called(const std::string& name, const std::string& path) {
  if (name == "train") return Split::train;
  if (name == "val" || name == "valid" || name == "validation") return Split::valid;
  CTR_CHECK(name == "test", "domain-csv: {}: '{}' is no split; expected train, val, valid or test",
            path, name);
  return Split::test;
}

// Digits compare as numbers: d9 before d10.
bool natural_less(const std::string& a, const std::string& b) {
  if (a.size() != b.size() && a.find_first_not_of("0123456789") == std::string::npos &&
      b.find_first_not_of("0123456789") == std::string::npos)
    return a.size() < b.size();
  return a < b;
}

// The files in a directory whose names fit the pattern.
std::vector<DomainFile> find_files(const std::string& directory, const std::string& pattern) {
  CTR_CHECK(pattern.find("{domain}") != std::string::npos,
            "domain-csv: --pattern needs {{domain}}, as in d{{domain}}_{{split}}.csv; got '{}'",
            pattern);
  std::string expression;
  int groups = 0, domain = 0, split = 0;
  for (size_t i = 0; i < pattern.size();) {
    if (pattern.compare(i, 8, "{domain}") == 0) {
      expression += "(.+)";
      domain = ++groups;
      i += 8;
    } else if (pattern.compare(i, 7, "{split}") == 0) {
      expression += "([a-z]+)";
      split = ++groups;
      i += 7;
    } else {
      if (std::isalnum(static_cast<unsigned char>(pattern[i])) == 0) expression += '\\';
      expression += pattern[i++];
    }
  }
  const std::regex regex(expression);
  CTR_CHECK(std::filesystem::is_directory(directory), "domain-csv: '{}' is no directory",
            directory);
  std::vector<DomainFile> files;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    const std::string name = entry.path().filename().string();
    std::smatch match;
    if (!std::regex_match(name, match, regex)) continue;
    DomainFile file{entry.path().string(), match[static_cast<size_t>(domain)].str(), {}};
    if (split > 0) file.split = split_called(match[static_cast<size_t>(split)].str(), file.path);
    files.push_back(file);
  }
  CTR_CHECK(!files.empty(), "domain-csv: no file in '{}' fits the pattern '{}'", directory,
            pattern);
  std::sort(files.begin(), files.end(), [](const DomainFile& a, const DomainFile& b) {
    if (a.domain != b.domain) return natural_less(a.domain, b.domain);
    return a.split != b.split ? a.split < b.split : a.path < b.path;
  });
  return files;
}

class DomainCsv : public Converter {
 public:
  OptionList options() override {
    OptionList list;
    list.add({"pattern", &pattern_, "of file names, with {domain} and perhaps {split}"});
    list.add({"columns", &columns_,
              "what the columns are: user, item, label, rating; `-` leaves one out"});
    list.add({"header", &header_, "the first line of each file is a header"});
    list.add({"delimiter", &delimiter_, "between columns; `tab` for a tab"});
    list.add({"positive_above",
              &positive_above_,
              "ratings above this are positive, others negative; below 0: every row is positive",
              {},
              -1,
              1e9});
    list.add({"domains", &domains_, "these domains alone, in this order; empty: all"});
    list.add({"distinct", &distinct_, "drop repeated (user, item) pairs of a domain"});
    negatives_.add_to(list);
    list.add({"name", &name_, "of the data set"});
    return list;
  }

  PreparePlan open(const std::vector<std::string>& inputs) override {
    CTR_CHECK(inputs.size() == 1, "domain-csv: name one directory");
    check_columns();
    Interactions data;
    for (const DomainFile& file : chosen(find_files(inputs[0], pattern_))) read(file, data);
    const int64_t dropped = distinct_ ? data.drop_duplicates() : 0;
    PreparePlan plan;
    plan.note = complete(data, negatives_);
    plan.origin =
        fmt::format("{} rows of {} files in {}, {} domains; {} repeated pairs dropped",
                    data.positives(), data.files.size(), inputs[0], data.domains.size(), dropped);
    plan.schema.name = name_;
    plan.schema.fields = {token_field("user", FieldRole::user),
                          token_field("item", FieldRole::item), domain_field("domain")};
    for (int32_t d = 0; d < data.domains.size(); ++d)
      plan.schema.domain_names.emplace_back(data.domains.token(d));
    plan.source = std::make_unique<InteractionSource>(std::move(data));
    return plan;
  }

 private:
  void check_columns() const {
    static const std::vector<std::string> known{"user", "item", "label", "rating", "-"};
    for (const std::string& column : columns_) {
      CTR_CHECK(std::find(known.begin(), known.end(), column) != known.end(),
                "domain-csv: --columns cannot hold '{}'{}", column, advice_on_name(column, known));
    }
    for (const char* needed : {"user", "item"}) {
      CTR_CHECK(std::count(columns_.begin(), columns_.end(), needed) == 1,
                "domain-csv: --columns needs {} once", needed);
    }
  }

  std::vector<DomainFile> chosen(std::vector<DomainFile> files) const {
    if (domains_.empty()) return files;
    std::vector<DomainFile> result;
    for (const std::string& domain : domains_) {
      const size_t before = result.size();
      for (const DomainFile& file : files) {
        if (file.domain == domain) result.push_back(file);
      }
      NameList known;
      for (const DomainFile& file : files) known.push_back(file.domain);
      CTR_CHECK(result.size() > before, "domain-csv: there is no domain '{}'{}", domain,
                advice_on_name(domain, known));
    }
    return result;
  }

  void read(const DomainFile& file, Interactions& data) {
    const auto number = static_cast<int32_t>(data.files.size());
    const int32_t domain = data.domains.id_of(file.domain);
    data.files.push_back(file.path);
    std::vector<std::string_view> cells;
    const std::string delimiter = delimiter_ == "tab" ? "\t" : delimiter_;
    for_each_line(file.path, [&](std::string_view line, int64_t at) {
      if (line.empty() || (header_ && at == 1)) return;
      split_line(line, delimiter, cells);
      if (cells.size() != columns_.size()) {
        problem({file.path, at, 0},
                fmt::format("{} columns ({})", columns_.size(), fmt::join(columns_, delimiter)),
                quoted(line));
      }
      Interaction row;
      row.domain = domain;
      row.file = number;
      row.line = at;
      row.split_known = file.split.has_value();
      row.split = file.split.value_or(Split::train);
      for (size_t c = 0; c < cells.size(); ++c)
        read_cell(columns_[c], cells[c], line, row, data, file);
      data.rows.push_back(row);
    });
  }

  void read_cell(const std::string& column, std::string_view cell, std::string_view line,
                 Interaction& row, Interactions& data, const DomainFile& file) const {
    const Place place{file.path, row.line, cell.data() - line.data() + 1};
    if (column == "-") return;
    if (cell.empty()) problem(place, "a " + column, "nothing");
    if (column == "user") row.user = data.users.id_of(cell);
    if (column == "item") row.item = data.items.id_of(cell);
    if (column == "label") {
      if (cell != "0" && cell != "1" && cell != "0.0" && cell != "1.0")
        problem(place, "a label 0 or 1", quoted(cell));
      row.label = cell[0] == '1' ? 1.f : 0.f;
    }
    if (column == "rating") {
      double rating = 0;
      const auto [end, code] = std::from_chars(cell.data(), cell.data() + cell.size(), rating);
      if (code != std::errc() || end != cell.data() + cell.size())
        problem(place, "a rating", quoted(cell));
      row.label = positive_above_ < 0 || rating > positive_above_ ? 1.f : 0.f;
    }
  }

  [[noreturn]] static void problem(const Place& place, const std::string& expected,
                                   const std::string& found) {
    fail(ErrorKind::data, "{}: expected {}, found {}; --columns and --delimiter say what to expect",
         place.text(), expected, found);
  }

  std::string pattern_ = "{domain}_{split}.csv", delimiter_ = ",", name_ = "domains";
  NameList columns_ = {"user", "item", "label"}, domains_;
  bool header_ = false, distinct_ = true;
  double positive_above_ = -1;
  NegativeOptions negatives_;
};

}  // namespace

ConverterInfo converter_domain_csv() {
  return {"domain-csv", "interactions in a file per domain, labelled or clicks alone", "DIRECTORY",
          "ctrengine prepare domain-csv clicks --pattern 'd{domain}_{split}.csv.gz' --columns "
          "item,user,label --out data/clicks",
          [] { return std::make_unique<DomainCsv>(); }};
}

}  // namespace ctr
