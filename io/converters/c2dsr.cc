// c2dsr: what users did in two domains, as the files of C2DSR (Cao et al., CIKM 2022): a line for
// each user, "user<TAB>number", then "<TAB>item|unix time|date|" for each event; the second cell is
// not read, as by C2DSR. Items of domain a have the numbers below a boundary, those of b the
// others.

#include <algorithm>

#include "engine/check.h"
#include "io/prepare/lines.h"
#include "io/prepare/numbers.h"
#include "io/prepare/user_sequences.h"

namespace ctr {
namespace {

struct Event {
  std::string_view item;
  int64_t number = 0, time = 0;
};

// From "item|time|date|".
bool parse(std::string_view cell, Event& event) {
  const size_t first = cell.find('|');
  if (first == std::string_view::npos) return false;
  event.item = cell.substr(0, first);
  const std::string_view rest = cell.substr(first + 1);
  return parse_whole(event.item, event.number) &&
         parse_whole(rest.substr(0, rest.find('|')), event.time);
}

class C2dsr : public Converter {
 public:
  OptionList options() override {
    OptionList list;
    list.add({"boundary",
              &boundary_,
              "items below are of domain a, the others of b (29207: Food and Kitchen)",
              {},
              1,
              INT32_MAX});
    list.add({"source", &source_, "the clicks: of which domain", {"a", "b", "both"}});
    list.add({"target",
              &target_,
              "what rows tell: items of this domain, by users who have some; none: the next click",
              {"none", "a", "b"}});
    rule_.add_options(list);
    return list;
  }

  PreparePlan open(const std::vector<std::string>& inputs) override {
    CTR_CHECK(!inputs.empty(), "prepare c2dsr: name at least one file");
    CTR_CHECK(
        target_ == "none" || (source_ != target_ && source_ != "both"),
        "prepare c2dsr: --source {} holds the items of --target {}; clicks and targets are of "
        "different domains",
        source_, target_);
    const Told told = target_ == "none" ? Told::next : Told::target;
    rule_.check(told);
    PreparePlan plan = rule_.plan(
        told, "", inputs, [self = *this, inputs](BadLines& bad) { return self.load(inputs, bad); });
    plan.origin = fmt::format("clicks in domain {}{}, from {}", source_,
                              target_ == "none" ? "" : " and what followed in " + target_,
                              fmt::join(inputs, ", "));
    return plan;
  }

 private:
  bool is_of(const Event& event, const std::string& domain) const {
    return domain == "both" || (event.number < boundary_) == (domain == "a");
  }

  // The events of a line, oldest first; of one moment as they stand. False when it is no such line.
  static bool read(const Line& line, std::vector<Event>& events, BadLines& bad) {
    if (line.cells.size() < 3) {
      line.report(bad, line.cells.size(), "a user, a number and at least one event",
                  "a line is 'user<TAB>number', then '<TAB>item|time|date|' for each event");
      return false;
    }
    events.clear();
    for (size_t c = 2; c < line.cells.size(); ++c) {
      Event event;
      if (!parse(line.cells[c], event)) {
        line.report(bad, c, "an event, as '29253|1364428800|2013-03-28 08:00:00|'");
        return false;
      }
      events.push_back(event);
    }
    std::stable_sort(events.begin(), events.end(),
                     [](const Event& x, const Event& y) { return x.time < y.time; });
    return true;
  }

  UserSequences load(const std::vector<std::string>& files, BadLines& bad) const {
    UserSequences users;
    std::vector<Event> events;
    for (size_t file = 0; file < files.size(); ++file) {
      for_each_line(files[file], "\t", [&](const Line& line) {
        if (!read(line, events, bad)) return;
        if (users.users.find(line.cells[0]) >= 0)
          return line.report(bad, 0, "a user that has no line yet");
        UserSequence user{
            users.users.add(line.cells[0]), {}, {}, static_cast<int32_t>(file), line.number};
        for (const Event& event : events) {
          if (is_of(event, source_)) user.clicks.push_back(users.clicks.add(event.item));
          if (target_ != "none" && is_of(event, target_))
            user.targets.push_back(users.targets.add(event.item));
        }
        users.all.push_back(std::move(user));
      });
    }
    return users;
  }

  int64_t boundary_ = 29207;
  std::string source_ = "b", target_ = "none";
  SequenceRule rule_;
};

}  // namespace

ConverterInfo converter_c2dsr() {
  return {"c2dsr", "users in two domains, as C2DSR's files of Amazon reviews", "FILE",
          "ctrengine prepare c2dsr val_new.txt.gz test_new.txt.gz --source b --target a "
          "--vocabulary-of data/kitchen --out data/food",
          [] { return std::make_unique<C2dsr>(); }};
}

}  // namespace ctr
