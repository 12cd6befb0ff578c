// domain-csv: a file, or one for each split, of every domain; what most published multi-domain data
// looks like. Files are told apart by a pattern such as d{domain}_{split}.csv.gz.

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <regex>

#include "engine/check.h"
#include "engine/nearest.h"
#include "io/prepare/delimited.h"
#include "io/prepare/fields.h"
#include "io/prepare/interaction_rule.h"
#include "io/prepare/numbers.h"
#include "io/prepare/prepare.h"

namespace ctr {
namespace {

struct DomainFile {
  InputFile file;
  std::string domain;
};

// {domain} and {split} of a pattern; everything else is as it is.
class NamePattern {
 public:
  explicit NamePattern(const std::string& pattern) : text_(pattern) {
    std::string expression;
    int groups = 0;
    for (size_t i = 0; i < pattern.size();) {
      if (pattern.compare(i, 8, "{domain}") == 0) {
        expression += "(.+?)";
        domain_ = ++groups;
        i += 8;
      } else if (pattern.compare(i, 7, "{split}") == 0) {
        expression += "(train|val|valid|validation|test)";
        split_ = ++groups;
        i += 7;
      } else {
        if (std::isalnum(static_cast<unsigned char>(pattern[i])) == 0) expression += '\\';
        expression += pattern[i++];
      }
    }
    CTR_CHECK(domain_ > 0, "prepare: --pattern must contain {{domain}}, got '{}'", pattern);
    expression_ = std::regex(expression);
  }

  bool names_split() const { return split_ > 0; }
  const std::string& text() const { return text_; }
  // False when the file's name does not fit.
  bool match(const std::string& path, DomainFile& file) const {
    const std::string name = std::filesystem::path(path).filename().string();
    std::smatch parts;
    if (!std::regex_match(name, parts, expression_)) return false;
    file.file.path = path;
    file.domain = parts[static_cast<size_t>(domain_)];
    if (split_ > 0) {
      const std::string split = parts[static_cast<size_t>(split_)];
      file.file.split = split == "train"  ? Split::train
                        : split == "test" ? Split::test
                                          : Split::valid;
    }
    return true;
  }

 private:
  std::string text_;
  std::regex expression_;
  int domain_ = 0, split_ = 0;
};

// Digits in names compare as numbers: d2 before d10.
bool natural_less(const std::string& a, const std::string& b) {
  int64_t x = 0, y = 0;
  return parse_whole(a, x) && parse_whole(b, y) && x != y ? x < y : a < b;
}

class DomainCsv : public Converter {
 public:
  OptionList options() override {
    OptionList list;
    list.add({"pattern", &pattern_, "of file names, with {domain} and perhaps {split}"});
    list.add({"columns", &columns_, "names of the columns of files without a header"});
    list.add({"delimiter", &delimiter_, "between cells: one character, or tab"});
    list.add({"user", &user_, "the user's column"});
    list.add({"item", &item_, "the item's column"});
    list.add({"label", &label_, "the label's or rating's column, or empty: every row is a click"});
    list.add({"time", &time_, "the column of times (whole numbers), or empty"});
    list.add({"domains", &domains_, "the domains to take, in this order; empty: all"});
    rule_.add_options(list);
    list.add({"min_count", &min_count_, "rarer users and items are out of vocabulary", {}, 1, 1e9});
    list.add({"name", &name_, "of the data set; empty: that of --out"});
    return list;
  }

  PreparePlan open(const std::vector<std::string>& inputs) override {
    rule_.check();
    const NamePattern pattern(pattern_);
    CTR_CHECK(rule_.split != "keep" || pattern.names_split(),
              "prepare: --split keep needs {{split}} in --pattern, got '{}'", pattern_);
    const std::vector<DomainFile> files = find_files(inputs, pattern);
    auto table = std::make_shared<DelimitedSource>(input_files_of(files), delimited_options());

    PreparePlan plan;
    plan.schema.name = name_;
    std::vector<int32_t> domain_of_file;
    for (const DomainFile& file : files) {
      auto& names = plan.schema.domain_names;
      const auto known = std::find(names.begin(), names.end(), file.domain);
      domain_of_file.push_back(static_cast<int32_t>(known - names.begin()));
      if (known == names.end()) names.push_back(file.domain);
    }
    plan.schema.domains = std::ssize(plan.schema.domain_names);
    plan.schema.fields = {token_field("user", FieldRole::user, min_count_),
                          token_field("item", FieldRole::item, min_count_), domain_field("domain")};
    plan.source = std::make_unique<InteractionSource>(
        std::vector<std::string>{}, table->files(),
        [self = *this, table, domain_of_file, names = plan.schema.domain_names](BadLines& bad) {
          return self.load(*table, domain_of_file, names, bad);
        });
    plan.origin =
        fmt::format("{} files of {} domains from {}; negatives {}, split {}", files.size(),
                    plan.schema.domains, fmt::join(inputs, ", "), rule_.negatives, rule_.split);
    return plan;
  }

 private:
  std::vector<DomainFile> find_files(const std::vector<std::string>& inputs,
                                     const NamePattern& pattern) const {
    std::vector<DomainFile> files;
    for (const std::string& input : inputs) {
      DomainFile file;
      if (!std::filesystem::is_directory(input)) {
        CTR_CHECK(pattern.match(input, file), "prepare: '{}' does not fit --pattern '{}'", input,
                  pattern.text());
        files.push_back(file);
        continue;
      }
      for (const auto& entry : std::filesystem::directory_iterator(input))
        if (pattern.match(entry.path().string(), file)) files.push_back(file);
    }
    CTR_CHECK_DATA(!files.empty(), "{}: no file fits --pattern '{}'; set --pattern",
                   fmt::join(inputs, ", "), pattern.text());
    order(files);
    return files;
  }

  // By domain, then split; domains that are not asked for go.
  void order(std::vector<DomainFile>& files) const {
    std::vector<std::string> found;
    for (const DomainFile& file : files) found.push_back(file.domain);
    std::sort(found.begin(), found.end(), natural_less);
    found.erase(std::unique(found.begin(), found.end()), found.end());
    for (const std::string& domain : domains_) {
      CTR_CHECK(std::find(found.begin(), found.end(), domain) != found.end(),
                "prepare: no file of domain '{}'{}", domain, advice_on_name(domain, found));
    }
    const NameList& wanted = domains_.empty() ? found : domains_;
    auto place = [&](const std::string& domain) {
      return std::find(wanted.begin(), wanted.end(), domain) - wanted.begin();
    };
    std::erase_if(files,
                  [&](const DomainFile& file) { return place(file.domain) == std::ssize(wanted); });
    std::sort(files.begin(), files.end(), [&](const DomainFile& a, const DomainFile& b) {
      if (a.domain != b.domain) return place(a.domain) < place(b.domain);
      if (a.file.split != b.file.split) return a.file.split < b.file.split;
      return a.file.path < b.file.path;
    });
  }

  static std::vector<InputFile> input_files_of(const std::vector<DomainFile>& files) {
    std::vector<InputFile> inputs;
    for (const DomainFile& file : files) inputs.push_back(file.file);
    return inputs;
  }

  DelimitedOptions delimited_options() const {
    CTR_CHECK(delimiter_.size() == 1 || delimiter_ == "tab",
              "prepare: --delimiter takes one character or 'tab', got '{}'", delimiter_);
    DelimitedOptions options;
    options.delimiter = delimiter_ == "tab" ? '\t' : delimiter_[0];
    options.header = columns_.empty();
    options.names = columns_;
    NameList needed = {user_, item_};
    if (!label_.empty()) needed.push_back(label_);
    if (!time_.empty()) needed.push_back(time_);
    if (options.header) options.names = needed;
    for (const std::string& name : needed) {
      CTR_CHECK(
          options.header || std::find(columns_.begin(), columns_.end(), name) != columns_.end(),
          "prepare: --columns has no '{}'{}", name, advice_on_name(name, columns_));
    }
    CTR_CHECK(!time_.empty() || !rule_.split.starts_with("time"),
              "prepare: --split {} needs --time COLUMN", rule_.split);
    return options;
  }

  Interactions load(DelimitedSource& source, const std::vector<int32_t>& domain_of_file,
                    const std::vector<std::string>& domains, BadLines& bad) const {
    auto column = [&](const std::string& name) {
      const auto& names = source.columns();
      return std::find(names.begin(), names.end(), name) - names.begin();
    };
    const int64_t user = column(user_), item = column(item_), label = column(label_),
                  time = column(time_);
    Interactions table;
    table.domains = domains;
    for_each_row(source, bad, [&](const RawChunk& chunk, size_t r) {
      auto cell = [&](int64_t c) { return chunk.columns[static_cast<size_t>(c)][r]; };
      auto wrong = [&](int64_t c, const char* expected) {
        bad.report(place_of(source, chunk, static_cast<int64_t>(r), c), expected, quoted(cell(c)),
                   "check --columns and --delimiter");
      };
      Interaction row;
      if (cell(user).empty()) return wrong(user, "a user");
      if (cell(item).empty()) return wrong(item, "an item");
      if (!label_.empty()) {
        if (!parse_finite(cell(label), row.rating)) return wrong(label, "a number");
      }
      if (!time_.empty()) {
        if (!parse_whole(cell(time), row.time)) return wrong(time, "a time as a whole number");
      }
      row.file = chunk.file[r];
      row.line = chunk.line[r];
      row.split = chunk.split[r];
      row.domain = domain_of_file[static_cast<size_t>(row.file)];
      row.user = table.users.add(cell(user));
      row.item = table.items.add(cell(item));
      table.rows.push_back(row);
    });
    rule_.apply(table);
    return table;
  }

  std::string pattern_ = "{domain}_{split}.csv.gz", delimiter_ = ",", user_ = "user",
              item_ = "item", label_ = "label", time_, name_;
  NameList columns_, domains_;
  int64_t min_count_ = 1;
  InteractionRule rule_;
};

}  // namespace

ConverterInfo converter_domain_csv() {
  return {"domain-csv", "per-domain CSV files of clicks, labels or ratings", "DIRECTORY|FILE",
          "ctrengine prepare domain-csv taobao-ad --pattern d{domain}_{split}.csv.gz --columns "
          "item,user,label --out data/taobao-ad",
          [] { return std::make_unique<DomainCsv>(); }};
}

}  // namespace ctr
