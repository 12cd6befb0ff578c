// libsvm, libfm: `label id:value …`; libffm: `label field:id:value …`.

#include "engine/check.h"
#include "io/prepare/fields.h"
#include "io/prepare/prepare.h"
#include "io/prepare/sparse_lines.h"

namespace ctr {
namespace {

class Libsvm : public Converter {
 public:
  explicit Libsvm(bool with_fields) : with_fields_(with_fields) {}

  OptionList options() override {
    OptionList list;
    list.add({"min_count", &min_count_, "rarer ids are out of vocabulary", {}, 1, 1e9});
    list.add({"split", &split_, "shares of train, valid and test, where files name none"});
    list.add({"seed", &seed_, "of the split", {}, 0, 9e15});
    list.add({"field_names", &names_, "names of the fields, in order; empty: f1, f2, …"});
    list.add({"user", &user_, "the field that is the user"});
    list.add({"item", &item_, "the field that is the item"});
    list.add({"name", &name_, "of the data set; empty: that of --out"});
    return list;
  }

  PreparePlan open(const std::vector<std::string>& inputs) override {
    auto source =
        std::make_unique<SparseLines>(input_files(inputs), with_fields_, split_shares(split_),
                                      static_cast<uint64_t>(seed_), names_);
    PreparePlan plan;
    plan.schema.name = name_;
    for (size_t c = 0; c < source->kinds().size(); ++c) {
      const std::string& name = source->columns()[c + 1];
      switch (source->kinds()[c]) {
        case SparseLines::Kind::category:
          plan.schema.fields.push_back(token_field(name, FieldRole::none, min_count_));
          break;
        case SparseLines::Kind::list:
          plan.schema.fields.push_back(list_field(name, FieldType::multivalued, '|'));
          break;
        case SparseLines::Kind::number:
          plan.schema.fields.push_back(number_field(name));
          break;
      }
    }
    if (!user_.empty()) field(plan.schema, user_).role = FieldRole::user;
    if (!item_.empty()) field(plan.schema, item_).role = FieldRole::item;
    plan.origin =
        fmt::format("{} lines of {}", with_fields_ ? "libffm" : "libsvm", fmt::join(inputs, ", "));
    plan.source = std::move(source);
    return plan;
  }

 private:
  static Field& field(Schema& schema, const std::string& name) {
    return schema.fields[static_cast<size_t>(schema.index_of(name))];
  }

  bool with_fields_;
  NameList names_;
  std::string user_, item_, split_ = "0.8,0.1,0.1", name_;
  int64_t min_count_ = 1, seed_ = 123;
};

ConverterInfo info(const std::string& name, const char* summary, bool with_fields) {
  return {name, summary, "FILE",
          "ctrengine prepare " + name + " train=a.txt valid=b.txt test=c.txt --out data/a",
          [with_fields] { return std::make_unique<Libsvm>(with_fields); }};
}

}  // namespace

ConverterInfo converter_libsvm() { return info("libsvm", "lines `label id:value ...`", false); }
ConverterInfo converter_libfm() { return info("libfm", "libFM's lines, as libsvm", false); }
ConverterInfo converter_libffm() {
  return info("libffm", "lines `label field:id:value ...`", true);
}

}  // namespace ctr
