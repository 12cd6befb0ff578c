// avazu: the click-through-rate contest's CSV. `id` goes; `hour` (YYMMDDHH) becomes hour of the
// day, weekday (0 is Sunday) and weekend, as Avazu_x4 has them.

#include <array>
#include <charconv>
#include <chrono>

#include "engine/check.h"
#include "io/prepare/delimited.h"
#include "io/prepare/fields.h"
#include "io/prepare/prepare.h"

namespace ctr {
namespace {

constexpr std::array<std::string_view, 24> kNumbers = {
    "0",  "1",  "2",  "3",  "4",  "5",  "6",  "7",  "8",  "9",  "10", "11",
    "12", "13", "14", "15", "16", "17", "18", "19", "20", "21", "22", "23"};

// Fields made of `hour`, and the rows of their tables.
struct Made {
  const char* name;
  int64_t values;
};
constexpr std::array<Made, 3> kMade = {{{"hour_of_day", 24}, {"weekday", 7}, {"weekend", 2}}};

struct Moment {
  unsigned hour = 0, weekday = 0;
};

// False unless the text is a valid YYMMDDHH.
bool parse_hour(std::string_view text, Moment& moment) {
  unsigned number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.size() != 8 || code != std::errc() || end != text.data() + 8) return false;
  const std::chrono::year_month_day date{
      std::chrono::year(2000 + static_cast<int>(number / 1'000'000)),
      std::chrono::month(number / 10'000 % 100), std::chrono::day(number / 100 % 100)};
  moment.hour = number % 100;
  if (!date.ok() || moment.hour > 23) return false;
  moment.weekday = std::chrono::weekday(std::chrono::sys_days(date)).c_encoding();
  return true;
}

// The file's columns and three made of `hour`.
class AvazuSource : public RowSource {
 public:
  AvazuSource(std::vector<InputFile> files, const DelimitedOptions& options)
      : rows_(std::move(files), options), columns_(rows_.columns()) {
    for (size_t c = 0; c < columns_.size(); ++c) hour_ = columns_[c] == "hour" ? c : hour_;
    for (const Made& made : kMade) columns_.emplace_back(made.name);
  }

  const std::vector<std::string>& columns() const override { return columns_; }
  const std::vector<std::string>& files() const override { return rows_.files(); }
  void rewind() override { rows_.rewind(); }
  int64_t bytes_read() const override { return rows_.bytes_read(); }
  int64_t bytes_total() const override { return rows_.bytes_total(); }

  bool next(RawChunk& chunk, BadLines& bad) override {
    if (!rows_.next(chunk, bad)) return false;
    const size_t first = columns_.size() - kMade.size();
    chunk.columns.resize(columns_.size());
    for (size_t c = first; c < columns_.size(); ++c) chunk.columns[c].clear();
    for (std::string_view text : chunk.columns[hour_]) {
      Moment moment;
      const bool good = parse_hour(text, moment);
      const bool weekend = moment.weekday == 0 || moment.weekday == 6;
      // An hour that is none stays as it is in all three: their encoding refuses it with its place.
      chunk.columns[first].push_back(good ? kNumbers[moment.hour] : text);
      chunk.columns[first + 1].push_back(good ? kNumbers[moment.weekday] : text);
      chunk.columns[first + 2].push_back(good ? kNumbers[weekend ? 1 : 0] : text);
    }
    return true;
  }

 private:
  DelimitedSource rows_;
  std::vector<std::string> columns_;
  size_t hour_ = 0;
};

class Avazu : public Converter {
 public:
  OptionList options() override {
    OptionList list;
    list.add({"min_count", &min_count_, "rarer tokens are out of vocabulary", {}, 1, 1e9});
    list.add({"split", &split_, "shares of train, valid and test, where files name none"});
    list.add({"seed", &seed_, "of the split", {}, 0, 9e15});
    return list;
  }

  PreparePlan open(const std::vector<std::string>& inputs) override {
    DelimitedOptions delimited;
    delimited.shares = split_shares(split_);
    delimited.seed = static_cast<uint64_t>(seed_);
    delimited.names = {"hour"};
    auto source = std::make_unique<AvazuSource>(input_files(inputs), delimited);
    PreparePlan plan;
    plan.schema.name = "avazu";
    plan.schema.labels = {"click"};
    bool labelled = false;
    for (const std::string& name : source->columns()) {
      labelled = labelled || name == "click";
      if (name == "click" || name == "id" || name == "hour") continue;
      plan.schema.fields.push_back(token_field(name, FieldRole::none, min_count_));
    }
    CTR_CHECK_DATA(labelled,
                   "{}: there is no column 'click'; the contest's test file holds no labels: "
                   "prepare the training file, --split cuts it",
                   source->files()[0]);
    for (const Made& made : kMade) {
      const int64_t index = plan.schema.index_of(std::string(made.name));
      Field& field = plan.schema.fields[static_cast<size_t>(index)];
      field = Field{};
      field.name = made.name;
      field.vocabulary = made.values;
      field.encoding.ids = IdRule::given;
    }
    plan.origin = "Avazu click-through-rate contest";
    plan.source = std::move(source);
    return plan;
  }

 private:
  int64_t min_count_ = 2, seed_ = 2018;
  std::string split_ = "0.8,0.1,0.1";
};

}  // namespace

ConverterInfo converter_avazu() {
  return {"avazu", "Avazu's contest CSV", "FILE",
          "ctrengine prepare avazu train.csv.gz --out data/avazu",
          [] { return std::make_unique<Avazu>(); }};
}

}  // namespace ctr
