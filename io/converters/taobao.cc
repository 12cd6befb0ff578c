// taobao: Tianchi 9716, cloud themes, as MAMDR and MLoRA prepare it. DIRECTORY holds
// theme_click_log.csv, user_embedding.csv and item_embedding.csv.

#include <algorithm>
#include <charconv>
#include <unordered_map>

#include <nlohmann/json.hpp>

#include "engine/check.h"
#include "engine/nearest.h"
#include "io/json.h"
#include "io/prepare/fields.h"
#include "io/prepare/interaction_rule.h"
#include "io/prepare/lines.h"
#include "io/prepare/prepare.h"
#include "io/schema_json.h"

namespace ctr {
namespace {

constexpr int64_t kWidth = 128;

// Given vectors by token: a header line, then an id, a comma and 128 numbers with single spaces
// between them.
class VectorFile {
 public:
  void read(const std::string& path, BadLines& bad) {
    for_each_line(path, ",", [&](const Line& line) {
      std::vector<float> vector;
      const bool good = line.cells.size() == 2 && parse(line.cells[1], vector);
      if (line.number == 1) {
        CTR_CHECK_DATA(!good, "{}:1: expected a header line, found a vector; put one before it",
                       path);
        return;
      }
      if (!good) {
        return line.report(bad, line.cells.size() == 2 ? 1 : line.cells.size(),
                           fmt::format("an id, a comma and {} numbers with single spaces", kWidth));
      }
      vectors_.emplace(line.cells[0], std::move(vector));
    });
  }

  bool contains(std::string_view token) const { return vectors_.contains(std::string(token)); }
  bool copy(std::string_view token, std::span<float> out) const {
    const auto found = vectors_.find(std::string(token));
    if (found == vectors_.end()) return false;
    std::copy(found->second.begin(), found->second.end(), out.begin());
    return true;
  }

 private:
  static bool parse(std::string_view text, std::vector<float>& vector) {
    if (text.size() >= 2 && text.front() == '"' && text.back() == '"')
      text = text.substr(1, text.size() - 2);
    const char* at = text.data();
    const char* const end = at + text.size();
    while (at < end) {
      float x = 0;
      const auto [next, code] = std::from_chars(at, end, x);
      if (code != std::errc() || (next < end && *next != ' ')) return false;
      vector.push_back(x);
      at = next < end ? next + 1 : next;
    }
    return vector.size() == kWidth;
  }

  std::unordered_map<std::string, std::vector<float>> vectors_;
};

VectorSource source_of(const std::shared_ptr<const VectorFile>& vectors) {
  return {[vectors](const Field&) -> VectorLookup {
            return [vectors](std::string_view token, int64_t, std::span<float> out) {
              return vectors->copy(token, out);
            };
          },
          kWidth};
}

class Taobao : public Converter {
 public:
  OptionList options() override {
    OptionList list;
    list.add({"config", &config_, "a split configuration (config_10.json ...), read as it is"});
    list.add({"themes", &themes_, "the first so many themes; -1: all", {}, -1, 1e6});
    rule_.add_options(list);
    return list;
  }

  PreparePlan open(const std::vector<std::string>& inputs) override {
    CTR_CHECK(inputs.size() == 1, "prepare taobao: name one directory, got {} inputs",
              inputs.size());
    if (!config_.empty()) read_config();
    rule_.check();
    const std::string log = inputs[0] + "/theme_click_log.csv";
    const std::string user_vectors = inputs[0] + "/user_embedding.csv";
    const std::string item_vectors = inputs[0] + "/item_embedding.csv";
    auto users = std::make_shared<VectorFile>();
    auto items = std::make_shared<VectorFile>();
    PreparePlan plan;
    plan.origin =
        fmt::format("Tianchi 9716, {} themes; negatives {}, split {}",
                    themes_ < 0 ? "all" : fmt::format("{}", themes_), rule_.negatives, rule_.split);
    plan.schema.name = "taobao";
    plan.schema.fields = {token_field("user", FieldRole::user),
                          token_field("item", FieldRole::item), domain_field("domain")};
    for (Field* field : {&plan.schema.fields[0], &plan.schema.fields[1]}) {
      field->vectors = field->name;
      field->vector_width = kWidth;
    }
    plan.vectors["user"] = source_of(users);
    plan.vectors["item"] = source_of(items);
    plan.source = std::make_unique<InteractionSource>(
        std::vector<std::string>{}, std::vector<std::string>{log, user_vectors, item_vectors},
        [self = *this, log, user_vectors, item_vectors, users, items](BadLines& bad) {
          users->read(user_vectors, bad);
          items->read(item_vectors, bad);
          return self.load(log, *users, *items, bad);
        });
    return plan;
  }

 private:
  // Paths, caches and numbers of processes mean nothing here; other keys must be known. The variant
  // by time (MLoRA's config_10_time.json) has no key of its own: the name of its output tells it.
  void read_config() {
    CTR_CHECK(themes_ == Taobao().themes_ && rule_.seed == InteractionRule().seed &&
                  rule_.split == InteractionRule().split &&
                  rule_.negative_ratio == InteractionRule().negative_ratio,
              "prepare taobao: --config {} sets --themes, --split, --seed and --negative-ratio; "
              "leave them out",
              config_);
    static const std::vector<std::string> known{
        "theme_num",     "raw_data_path",   "processed_data_path", "rebuild",
        "redownload",    "split_save_path", "split_policy",        "seed",
        "cores",         "ctr_ratio",       "random_range",        "ctr_ratio_range",
        "train_val_test"};
    const auto json = read_json(config_);
    CTR_CHECK_DATA(json.is_object(), "{}: expected an object", config_);
    for (const auto& [key, value] : json.items()) {
      CTR_CHECK_DATA(std::find(known.begin(), known.end(), key) != known.end(),
                     "{}: unknown key '{}'{}", config_, key, advice_on_name(key, known));
    }
    try {
      themes_ = json.value("theme_num", themes_);
      rule_.seed = json.value("seed", rule_.seed);
      const std::string policy = json.value("split_policy", "split_by_theme");
      CTR_CHECK_DATA(policy == "split_by_theme",
                     "{}: split_policy is '{}', only split_by_theme is known", config_, policy);
      if (json.value("split_save_path", "").ends_with("_time")) rule_.split = "time-random";
      if (!json.value("random_range", true))
        rule_.negative_ratio = fmt::format("{}", json.value("ctr_ratio", 0.5));
      const auto range = json.value("ctr_ratio_range", std::vector<double>{0.2, 0.5});
      CTR_CHECK_DATA(range == (std::vector<double>{0.2, 0.5}),
                     "{}: ctr_ratio_range is [{}], only [0.2, 0.5] is known", config_,
                     fmt::join(range, ", "));
      const auto shares = json.value("train_val_test", std::vector<double>{0.6, 0.2, 0.2});
      CTR_CHECK_DATA(shares.size() == 3, "{}: train_val_test must hold three shares", config_);
      CTR_CHECK_DATA(rule_.split != "time-random" || shares == (std::vector<double>{0.6, 0.2, 0.2}),
                     "{}: train_val_test is [{}], by time only [0.6, 0.2, 0.2] is known", config_,
                     fmt::join(shares, ", "));
      if (rule_.split != "time-random") rule_.split = fmt::format("{}", fmt::join(shares, ","));
    } catch (const nlohmann::json::exception& error) {
      fail(ErrorKind::data, "{}: {}", config_, error.what());
    }
  }

  struct Clicked {
    std::string user, item;
    int64_t line, time;
  };

  // Themes in the order of their first line; rows whose user and item both have vectors; the first
  // `themes` themes that have any.
  Interactions load(const std::string& path, const VectorFile& users, const VectorFile& items,
                    BadLines& bad) const {
    std::vector<std::string> order;
    std::unordered_map<std::string, std::vector<Clicked>> themes;
    size_t place[4] = {};
    size_t columns = 0;
    for_each_line(path, ",", [&](const Line& line) {
      if (columns == 0) {
        columns = line.cells.size();
        find_columns(line, place);
        return;
      }
      if (line.cells.size() != columns)
        return line.report(bad, columns, fmt::format("{} cells", columns));
      int64_t time = 0;
      if (!parse_time(line.cells[place[3]], time)) return line.report(bad, place[3], "a time");
      auto [theme, fresh] = themes.try_emplace(std::string(line.cells[place[1]]));
      if (fresh) order.push_back(theme->first);
      if (users.contains(line.cells[place[0]]) && items.contains(line.cells[place[2]])) {
        theme->second.push_back({std::string(line.cells[place[0]]),
                                 std::string(line.cells[place[2]]), line.number, time});
      }
    });
    Interactions table;
    for (const std::string& theme : order) {
      if (themes_ >= 0 && std::ssize(table.domains) == themes_) break;
      const std::vector<Clicked>& clicks = themes.at(theme);
      if (clicks.empty()) continue;
      for (const Clicked& click : clicks) {
        Interaction row;
        row.user = table.users.add(click.user);
        row.item = table.items.add(click.item);
        row.domain = static_cast<int32_t>(table.domains.size());
        row.line = click.line;
        row.time = click.time;
        table.rows.push_back(row);
      }
      table.domains.push_back(theme);
    }
    rule_.apply(table);
    // Domains are numbered as they appear: in this order.
    std::stable_sort(
        table.rows.begin(), table.rows.end(),
        [](const Interaction& a, const Interaction& b) { return a.domain < b.domain; });
    return table;
  }

  static void find_columns(const Line& header, size_t (&place)[4]) {
    const std::vector<std::string> names(header.cells.begin(), header.cells.end());
    const char* wanted[] = {"user_id", "theme_id", "item_id", "reach_time"};
    for (size_t i = 0; i < 4; ++i) {
      const auto found = std::find(names.begin(), names.end(), wanted[i]);
      CTR_CHECK_DATA(found != names.end(), "{}:1: there is no column '{}'{}", header.path,
                     wanted[i], advice_on_name(wanted[i], names));
      place[i] = static_cast<size_t>(found - names.begin());
    }
  }

  // The digits of "2018-03-05 11:22:33" as one number, in the order of time.
  static bool parse_time(std::string_view text, int64_t& time) {
    int digits = 0;
    for (char c : text) {
      if (c < '0' || c > '9') continue;
      time = 10 * time + (c - '0');
      ++digits;
    }
    return digits > 0 && digits <= 18;
  }

  std::string config_;
  int64_t themes_ = 10;
  InteractionRule rule_;
};

}  // namespace

ConverterInfo converter_taobao() {
  return {"taobao", "Tianchi 9716 cloud themes (Taobao-10, -20, -30)", "DIRECTORY",
          "ctrengine prepare taobao theme_click --config config_10.json --out data/taobao-10",
          [] { return std::make_unique<Taobao>(); }};
}

}  // namespace ctr
