// csv, tsv: tables of text, described by options or by a schema file.

#include <algorithm>

#include <nlohmann/json.hpp>

#include "engine/check.h"
#include "engine/nearest.h"
#include "io/json.h"
#include "io/prepare/delimited.h"
#include "io/prepare/fields.h"
#include "io/prepare/prepare.h"
#include "io/schema_json.h"

namespace ctr {
namespace {

class Csv : public Converter {
 public:
  explicit Csv(char delimiter) { delimited_.delimiter = delimiter; }

  OptionList options() override {
    OptionList list;
    list.add({"schema", &schema_, "JSON file of fields, as docs/data.md describes; else inferred"});
    list.add({"label", &label_, "the label's column"});
    list.add({"numeric", &numeric_, "columns of numbers"});
    list.add({"list", &lists_, "columns of several tokens"});
    list.add({"separator", &separator_, "between the tokens of a list"});
    list.add({"user", &user_, "the user's column"});
    list.add({"item", &item_, "the item's column"});
    list.add({"domain", &domain_, "the domain's column"});
    list.add({"group", &group_, "a column that GAUC groups by, not an input"});
    list.add({"ignore", &ignored_, "columns to leave out"});
    list.add({"min_count", &min_count_, "rarer tokens are out of vocabulary", {}, 1, 1e9});
    list.add({"split", &split_, "shares of train, valid and test, where files name none"});
    list.add({"seed", &seed_, "of the split", {}, 0, 9e15});
    list.add({"name", &name_, "of the data set; empty: that of --out"});
    return list;
  }

  PreparePlan open(const std::vector<std::string>& inputs) override {
    delimited_.shares = split_shares(split_);
    delimited_.seed = static_cast<uint64_t>(seed_);
    auto source = std::make_unique<DelimitedSource>(input_files(inputs), delimited_);
    PreparePlan plan;
    plan.schema = schema_.empty() ? inferred(source->columns(), source->files()[0]) : from_file();
    if (!name_.empty() || schema_.empty()) plan.schema.name = name_;
    plan.origin = fmt::format("{} table of {}", delimited_.delimiter == ',' ? "comma" : "tab",
                              fmt::join(inputs, ", "));
    plan.source = std::move(source);
    return plan;
  }

 private:
  Schema from_file() const {
    const bool described = !numeric_.empty() || !lists_.empty() || !ignored_.empty() ||
                           !user_.empty() || !item_.empty() || !domain_.empty() ||
                           !group_.empty() || label_ != "label" || separator_ != "|" ||
                           min_count_ != 1;
    CTR_CHECK(!described,
              "prepare: --schema {} says what the columns are; leave --label, --numeric, --list, "
              "--separator, --user, --item, --domain, --group, --ignore and --min-count out",
              schema_);
    Schema schema = schema_from_json(read_json(schema_), schema_);
    for (Field& field : schema.fields) add_special_rows(field);
    return schema;
  }

  Schema inferred(const std::vector<std::string>& columns, const std::string& file) const {
    auto has = [](const NameList& list, const std::string& name) {
      return std::find(list.begin(), list.end(), name) != list.end();
    };
    NameList named{label_, user_, item_, domain_, group_};
    for (const NameList* list : {&numeric_, &lists_, &ignored_})
      named.insert(named.end(), list->begin(), list->end());
    for (const std::string& name : named) {
      CTR_CHECK(name.empty() || has(columns, name), "prepare: {} has no column '{}'{}", file, name,
                advice_on_name(name, columns));
    }
    CTR_CHECK(separator_.size() == 1, "prepare: --separator takes one character, got '{}'",
              separator_);
    Schema schema;
    schema.labels = {label_};
    for (const std::string& name : columns) {
      if (name == label_ || has(ignored_, name)) continue;
      if (has(numeric_, name)) {
        schema.fields.push_back(number_field(name));
      } else if (has(lists_, name)) {
        schema.fields.push_back(list_field(name, FieldType::multivalued, separator_[0]));
      } else if (name == domain_) {
        schema.fields.push_back(domain_field(name));
      } else {
        const FieldRole role = name == user_    ? FieldRole::user
                               : name == item_  ? FieldRole::item
                               : name == group_ ? FieldRole::group
                                                : FieldRole::none;
        schema.fields.push_back(token_field(name, role, min_count_));
        schema.fields.back().input = role != FieldRole::group;
      }
    }
    return schema;
  }

  DelimitedOptions delimited_;
  std::string schema_, label_ = "label", separator_ = "|", user_, item_, domain_, group_;
  NameList numeric_, lists_, ignored_;
  int64_t min_count_ = 1, seed_ = 123;
  std::string split_ = "0.8,0.1,0.1", name_;
};

}  // namespace

ConverterInfo converter_csv() {
  return {"csv", "comma-separated tables with a header (RFC 4180)", "FILE",
          "ctrengine prepare csv clicks.csv --label click --numeric price --user uid --out "
          "data/clicks",
          [] { return std::make_unique<Csv>(','); }};
}

ConverterInfo converter_tsv() {
  return {"tsv", "tab-separated tables with a header", "FILE",
          "ctrengine prepare tsv train=a.tsv valid=b.tsv test=c.tsv --label click --out "
          "data/clicks",
          [] { return std::make_unique<Csv>('\t'); }};
}

}  // namespace ctr
