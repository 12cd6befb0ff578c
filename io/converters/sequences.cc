// sequences: a line for each user, "user item item …", oldest first, as SASRec's and S3Rec's files.

#include "engine/check.h"
#include "io/prepare/lines.h"
#include "io/prepare/user_sequences.h"

namespace ctr {
namespace {

// The words of a line, between spaces, tabs or commas.
std::vector<std::string_view> words_of(std::string_view text) {
  constexpr std::string_view kBetween = " \t,";
  std::vector<std::string_view> words;
  for (size_t at = text.find_first_not_of(kBetween); at != std::string_view::npos;
       at = text.find_first_not_of(kBetween, at)) {
    const size_t end = std::min(text.find_first_of(kBetween, at), text.size());
    words.push_back(text.substr(at, end - at));
    at = end;
  }
  return words;
}

UserSequences load(const std::vector<std::string>& files, BadLines& bad) {
  UserSequences users;
  for (size_t file = 0; file < files.size(); ++file) {
    for_each_line(files[file], "", [&](const Line& line) {
      const std::vector<std::string_view> words = words_of(line.text);
      if (words.size() < 2)
        return line.report(bad, 1, "a user and at least one item, as 'user item item'");
      if (users.users.find(words[0]) >= 0)
        return line.report(bad, 1, "a user that has no line yet",
                           "all items of a user stand in one line, oldest first");
      UserSequence user{users.users.add(words[0]), {}, {}, static_cast<int32_t>(file), line.number};
      for (size_t w = 1; w < words.size(); ++w) user.clicks.push_back(users.clicks.add(words[w]));
      users.all.push_back(std::move(user));
    });
  }
  return users;
}

class Sequences : public Converter {
 public:
  OptionList options() override {
    OptionList list;
    rule_.add_options(list);
    return list;
  }

  PreparePlan open(const std::vector<std::string>& inputs) override {
    CTR_CHECK(!inputs.empty(), "prepare sequences: name at least one file");
    rule_.check(Told::next);
    PreparePlan plan =
        rule_.plan(Told::next, "", inputs, [inputs](BadLines& bad) { return load(inputs, bad); });
    plan.origin = "users' items in order, from " + fmt::format("{}", fmt::join(inputs, ", "));
    return plan;
  }

 private:
  SequenceRule rule_;
};

}  // namespace

ConverterInfo converter_sequences() {
  return {"sequences", "users' items in order, one user a line", "FILE",
          "ctrengine prepare sequences Beauty.txt.gz --out data/beauty",
          [] { return std::make_unique<Sequences>(); }};
}

}  // namespace ctr
