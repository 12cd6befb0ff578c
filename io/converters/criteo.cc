// criteo: the display-advertising challenge's lines (label, I1 … I13, C1 … C26), or DeepCTR's
// sample with a header. Numbers as Criteo_x4 buckets them, or as numbers.

#include "engine/check.h"
#include "io/prepare/delimited.h"
#include "io/prepare/fields.h"
#include "io/prepare/lines.h"
#include "io/prepare/prepare.h"

namespace ctr {
namespace {

constexpr int kNumbers = 13, kCategories = 26;

class Criteo : public Converter {
 public:
  OptionList options() override {
    OptionList list;
    list.add({"numeric",
              &numeric_,
              "I1 … I13: buckets floor(ln(x)^2) as tokens, or numbers: log(1 + x), raw, minmax, "
              "standard",
              {"buckets", "log", "raw", "minmax", "standard"}});
    list.add({"min_count", &min_count_, "rarer tokens are out of vocabulary", {}, 1, 1e9});
    list.add({"split", &split_, "shares of train, valid and test, where files name none"});
    list.add({"seed", &seed_, "of the split", {}, 0, 9e15});
    return list;
  }

  PreparePlan open(const std::vector<std::string>& inputs) override {
    DelimitedOptions delimited;
    delimited.shares = split_shares(split_);
    delimited.seed = static_cast<uint64_t>(seed_);
    const std::vector<InputFile> files = input_files(inputs);
    CTR_CHECK(!files.empty(), "prepare: name at least one input file");
    delimited.header = first_line(files[0].path).starts_with("label");
    delimited.delimiter = delimited.header ? ',' : '\t';
    delimited.quotes = false;
    PreparePlan plan;
    plan.schema.name = "criteo";
    delimited.names = {"label"};
    for (int i = 1; i <= kNumbers; ++i) {
      plan.schema.fields.push_back(number(fmt::format("I{}", i)));
      delimited.names.push_back(plan.schema.fields.back().name);
    }
    for (int i = 1; i <= kCategories; ++i) {
      plan.schema.fields.push_back(token_field(fmt::format("C{}", i), FieldRole::none, min_count_));
      delimited.names.push_back(plan.schema.fields.back().name);
    }
    plan.origin = "Criteo display-advertising challenge";
    plan.source = std::make_unique<DelimitedSource>(files, delimited);
    return plan;
  }

 private:
  Field number(const std::string& name) const {
    if (numeric_ == "buckets") {
      Field field = token_field(name, FieldRole::none, min_count_);
      field.encoding.tokens = TokenRule::log_square;
      return field;
    }
    return number_field(name, numeric_ == "log"        ? NumberRule::log
                              : numeric_ == "minmax"   ? NumberRule::minmax
                              : numeric_ == "standard" ? NumberRule::standard
                                                       : NumberRule::raw);
  }

  std::string numeric_ = "buckets", split_ = "0.8,0.1,0.1";
  int64_t min_count_ = 10, seed_ = 2018;
};

}  // namespace

ConverterInfo converter_criteo() {
  return {"criteo", "Criteo's display-advertising lines, 40 columns", "FILE",
          "ctrengine prepare criteo train.txt --min-count 10 --out data/criteo",
          [] { return std::make_unique<Criteo>(); }};
}

}  // namespace ctr
