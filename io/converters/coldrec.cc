// coldrec: the files of PeterRec's authors (Yuan et al., SIGIR 2020). To pre-train: a line for each
// user, items between commas, "0" before shorter ones. To fine-tune: the same, then two commas and
// the user's targets (items of another domain, or a class).

#include <algorithm>

#include "engine/check.h"
#include "io/prepare/lines.h"
#include "io/prepare/user_sequences.h"

namespace ctr {
namespace {

constexpr std::string_view kPadding = "0";

class ColdRec : public Converter {
 public:
  OptionList options() override {
    OptionList list;
    list.add({"told",
              &told_,
              "what a row tells: the next item, or a target; empty: as the file's first line has "
              "it",
              {"", "next", "target"}});
    rule_.add_options(list);
    return list;
  }

  PreparePlan open(const std::vector<std::string>& inputs) override {
    CTR_CHECK(!inputs.empty(), "prepare coldrec: name at least one file");
    const bool targets =
        told_.empty() ? first_line(inputs[0]).find(",,") != std::string::npos : told_ == "target";
    const Told told = targets ? Told::target : Told::next;
    rule_.check(told);
    PreparePlan plan = rule_.plan(
        told, "", inputs, [inputs, targets](BadLines& bad) { return load(inputs, targets, bad); });
    plan.origin = fmt::format("sequences of items{}, from {}", targets ? " with targets" : "",
                              fmt::join(inputs, ", "));
    return plan;
  }

 private:
  // Lines number the users.
  static UserSequences load(const std::vector<std::string>& files, bool targets, BadLines& bad) {
    UserSequences users;
    for (size_t file = 0; file < files.size(); ++file) {
      for_each_line(files[file], ",", [&](const Line& line) {
        const auto& cells = line.cells;
        const size_t end = static_cast<size_t>(
            std::find(cells.begin(), cells.end(), std::string_view()) - cells.begin());
        if (targets && end + 1 >= cells.size())
          return line.report(bad, end, "items, two commas and at least one target, as '17,4,,96'");
        size_t begin = 0;
        while (begin < end && cells[begin] == kPadding) ++begin;
        if (begin == end && !targets)
          return line.report(bad, 0, "at least one item other than the padding 0");
        for (size_t c = end + 1; c < cells.size(); ++c)
          if (cells[c].empty()) return line.report(bad, c, "a target", "a line ends with its last");
        UserSequence user;
        user.file = static_cast<int32_t>(file);
        user.line = line.number;
        user.user = users.users.add(fmt::format("{}:{}", file + 1, line.number));
        for (size_t c = begin; c < end; ++c) user.clicks.push_back(users.clicks.add(cells[c]));
        for (size_t c = end + 1; targets && c < cells.size(); ++c)
          user.targets.push_back(users.targets.add(cells[c]));
        users.all.push_back(std::move(user));
      });
    }
    return users;
  }

  std::string told_;
  SequenceRule rule_;
};

}  // namespace

ConverterInfo converter_coldrec() {
  return {"coldrec", "PeterRec's files: sequences to pre-train on, or with targets", "FILE",
          "ctrengine prepare coldrec coldrec2_fine.csv --vocabulary-of data/coldrec2 --out "
          "data/coldrec2-target",
          [] { return std::make_unique<ColdRec>(); }};
}

}  // namespace ctr
