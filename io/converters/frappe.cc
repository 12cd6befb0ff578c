// frappe: the click data made of Frappe's log of app usage (Baltrunas et al., arXiv:1505.03014) by
// He and Chua (NFM, SIGIR 2017), two drawn negatives for each use, as split by AFN's and BARS'
// authors: libFM lines of ten categories.

#include <array>

#include "engine/check.h"
#include "io/prepare/fields.h"
#include "io/prepare/prepare.h"
#include "io/prepare/sparse_lines.h"

namespace ctr {
namespace {

const NameList kFields = {"user",     "item", "daytime", "weekday", "isweekend",
                          "homework", "cost", "weather", "country", "city"};

// One of a split's names in the releases, plain or gzip.
std::string split_file(const std::string& folder, size_t split) {
  constexpr std::array<const char*, 3> kOther = {"frappe.train.libfm", "frappe.validation.libfm",
                                                 "frappe.test.libfm"};
  const std::string name = fmt::format("{}.libfm", kSplitNames[split]);
  for (const std::string& candidate : {name, std::string(kOther[split])})
    if (std::string path = find_file(folder, candidate); !path.empty()) return path;
  fail(ErrorKind::data, "{}: there is no file '{}' (or {}.gz, or '{}'); Frappe has one per split",
       folder, name, name, kOther[split]);
}

class Frappe : public Converter {
 public:
  OptionList options() override {
    OptionList list;
    list.add({"min_count", &min_count_, "rarer ids are out of vocabulary", {}, 1, 1e9});
    return list;
  }

  PreparePlan open(const std::vector<std::string>& inputs) override {
    CTR_CHECK(inputs.size() == 1, "prepare frappe: name the one directory with its files, got {}",
              inputs.size());
    std::vector<InputFile> files;
    for (size_t s = 0; s < kSplitNames.size(); ++s)
      files.push_back({split_file(inputs[0], s), static_cast<Split>(s)});
    auto source = std::make_unique<SparseLines>(files, false, SplitShares{}, 0, kFields);
    PreparePlan plan;
    plan.schema.name = "frappe";
    for (size_t c = 0; c < kFields.size(); ++c) {
      CTR_CHECK_DATA(source->kinds()[c] == SparseLines::Kind::category,
                     "{}: the entries of '{}' are no category; expected lines of ten id:1",
                     inputs[0], kFields[c]);
      const FieldRole role = c == 0 ? FieldRole::user : c == 1 ? FieldRole::item : FieldRole::none;
      plan.schema.fields.push_back(token_field(kFields[c], role, min_count_));
    }
    plan.origin = "Frappe's log of app usage as click data, from " + inputs[0];
    plan.source = std::move(source);
    return plan;
  }

 private:
  int64_t min_count_ = 1;
};

}  // namespace

ConverterInfo converter_frappe() {
  return {"frappe", "app usage with ten fields of context, split as BARS' Frappe_x1", "DIRECTORY",
          "ctrengine prepare frappe frappe/ --out data/frappe",
          [] { return std::make_unique<Frappe>(); }};
}

}  // namespace ctr
