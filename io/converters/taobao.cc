// taobao: Tianchi 9716, cloud themes, as MAMDR and MLoRA prepare it. DIRECTORY holds
// theme_click_log.csv, user_embedding.csv and item_embedding.csv.

#include <algorithm>
#include <charconv>
#include <unordered_map>

#include <nlohmann/json.hpp>

#include "engine/check.h"
#include "engine/nearest.h"
#include "engine/rng.h"
#include "io/prepare/fields.h"
#include "io/prepare/lines.h"
#include "io/prepare/negatives.h"
#include "io/prepare/prepare.h"
#include "io/schema_json.h"

namespace ctr {
namespace {

constexpr int64_t kWidth = 128;

// Given vectors by token.
class VectorFile {
 public:
  explicit VectorFile(const std::string& path) {
    for_each_line(path, [&](std::string_view line, int64_t number) {
      const size_t comma = line.find(',');
      if (line.empty() || (number == 1 && line.find("id") != std::string_view::npos)) return;
      std::string_view numbers =
          comma == std::string_view::npos ? std::string_view() : line.substr(comma + 1);
      while (!numbers.empty() && numbers.front() == '"') numbers.remove_prefix(1);
      while (!numbers.empty() && numbers.back() == '"') numbers.remove_suffix(1);
      std::vector<float> vector;
      const char* at = numbers.data();
      const char* const end = at + numbers.size();
      while (at < end) {
        float x = 0;
        const auto [next, code] = std::from_chars(at, end, x);
        if (code != std::errc() || (next < end && *next != ' ')) break;
        vector.push_back(x);
        at = next < end ? next + 1 : next;
      }
      CTR_CHECK_DATA(at == end && vector.size() == kWidth,
                     "{}:{}: expected an id and {} numbers with single spaces, found {} of them",
                     path, number, kWidth, vector.size());
      vectors_.emplace(line.substr(0, comma), std::move(vector));
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
  std::unordered_map<std::string, std::vector<float>> vectors_;
};

struct Click {
  std::string user, theme, item, time;
  int64_t line;
};

class Taobao : public Converter {
 public:
  OptionList options() override {
    OptionList list;
    list.add({"config", &config_, "a split configuration (config_10.json …); flags override it"});
    list.add({"themes", &themes_, "the first so many themes; -1: all", {}, -1, 1e6});
    list.add({"by_time", &by_time_,
              "positives by time: the first .6 train, the rest .5/.5 at random (config_10_time)"});
    negatives_.add_to(list);
    return list;
  }

  PreparePlan open(const std::vector<std::string>& inputs) override {
    CTR_CHECK(inputs.size() == 1, "taobao: name the directory of theme_click_log.csv");
    if (!config_.empty()) read_config();
    auto users = std::make_shared<VectorFile>(inputs[0] + "/user_embedding.csv");
    auto items = std::make_shared<VectorFile>(inputs[0] + "/item_embedding.csv");
    Interactions data = read_clicks(inputs[0] + "/theme_click_log.csv", *users, *items);
    PreparePlan plan;
    if (by_time_) split_by_time(data);
    plan.note = complete(data, negatives_);
    plan.origin = fmt::format("Tianchi 9716, {} themes", data.domains.size());
    plan.schema.name = "taobao";
    plan.schema.fields = {token_field("user", FieldRole::user),
                          token_field("item", FieldRole::item), domain_field("domain")};
    for (Field* field : {&plan.schema.fields[0], &plan.schema.fields[1]}) {
      field->vectors = field->name;
      field->vector_width = kWidth;
    }
    plan.vectors["user"] = [users](std::string_view t, std::span<float> out) {
      return users->copy(t, out);
    };
    plan.vectors["item"] = [items](std::string_view t, std::span<float> out) {
      return items->copy(t, out);
    };
    for (int32_t d = 0; d < data.domains.size(); ++d)
      plan.schema.domain_names.emplace_back(data.domains.token(d));
    plan.source = std::make_unique<InteractionSource>(std::move(data));
    return plan;
  }

 private:
  // Paths, caches and numbers of processes mean nothing here; other keys must be known.
  void read_config() {
    static const std::vector<std::string> known{
        "theme_num",     "raw_data_path",   "processed_data_path", "rebuild",
        "redownload",    "split_save_path", "split_policy",        "seed",
        "cores",         "ctr_ratio",       "random_range",        "ctr_ratio_range",
        "train_val_test"};
    const auto json = read_json(config_);
    CTR_CHECK_DATA(json.is_object(), "{}: expected an object", config_);
    try {
      for (const auto& [key, value] : json.items()) {
        CTR_CHECK_DATA(std::find(known.begin(), known.end(), key) != known.end(),
                       "{}: unknown key '{}'{}", config_, key, advice_on_name(key, known));
        if (key == "theme_num") themes_ = value.get<int64_t>();
        if (key == "seed") negatives_.seed = value.get<int64_t>();
        if (key == "split_policy")
          by_time_ = value.get<std::string>().find("time") != std::string::npos;
        if (key == "train_val_test") {
          negatives_.split = fmt::format("{},{},{}", value.at(0).get<double>(),
                                         value.at(1).get<double>(), value.at(2).get<double>());
        }
        if (key == "random_range" && !value.get<bool>())
          negatives_.ratio = fmt::format("{}", json.value("ctr_ratio", 0.5));
        if (key == "ctr_ratio_range") {
          CTR_CHECK_DATA(value.at(0) == 0.2 && value.at(1) == 0.5,
                         "{}: ctr_ratio_range is {}, only [0.2, 0.5] is known", config_,
                         value.dump());
        }
      }
    } catch (const nlohmann::json::exception& error) {
      fail(ErrorKind::data, "{}: {}", config_, error.what());
    }
  }

  // Steps 1 to 5 of the published preparation.
  Interactions read_clicks(const std::string& path, const VectorFile& users,
                           const VectorFile& items) const {
    static const std::vector<std::string> wanted{"user_id", "theme_id", "item_id", "reach_time"};
    std::vector<size_t> place;
    std::vector<std::string> theme_order;                          // by first appearance in the log
    std::unordered_map<std::string, std::vector<Click>> by_theme;  // rows with both vectors
    std::vector<std::string_view> cells;
    size_t columns = 0;
    for_each_line(path, [&](std::string_view line, int64_t number) {
      split_line(line, ",", cells);
      if (number == 1) {
        columns = cells.size();
        place = places_of(path, cells, wanted);
        return;
      }
      if (line.empty()) return;
      CTR_CHECK_DATA(cells.size() == columns, "{}:{}: expected {} columns, found {}", path, number,
                     columns, cells.size());
      Click click{std::string(cells[place[0]]), std::string(cells[place[1]]),
                  std::string(cells[place[2]]), std::string(cells[place[3]]), number};
      auto [theme, fresh] = by_theme.try_emplace(click.theme);
      if (fresh) theme_order.push_back(click.theme);
      if (users.contains(click.user) && items.contains(click.item))
        theme->second.push_back(std::move(click));
    });
    Interactions data;
    data.files = {path};
    std::unordered_map<std::string, int64_t> times;
    for (const std::string& theme : theme_order) {
      if (themes_ >= 0 && data.domains.size() == themes_) break;
      const std::vector<Click>& clicks = by_theme[theme];
      if (clicks.empty()) continue;
      const int32_t domain = data.domains.id_of(theme);
      for (const Click& click : clicks) {
        Interaction row;
        row.user = data.users.id_of(click.user);
        row.item = data.items.id_of(click.item);
        row.domain = domain;
        row.line = click.line;
        row.time = time_of(click, path);
        data.rows.push_back(row);
      }
    }
    data.drop_duplicates();
    return data;
  }

  static std::vector<size_t> places_of(const std::string& path,
                                       const std::vector<std::string_view>& header,
                                       const std::vector<std::string>& wanted) {
    std::vector<size_t> place;
    const std::vector<std::string> names(header.begin(), header.end());
    for (const std::string& name : wanted) {
      const auto found = std::find(names.begin(), names.end(), name);
      CTR_CHECK_DATA(found != names.end(), "{}:1: there is no column '{}'{}", path, name,
                     advice_on_name(name, names));
      place.push_back(static_cast<size_t>(found - names.begin()));
    }
    return place;
  }

  // The digits of "2018-03-05 11:22:33" as one number: in the order of time.
  int64_t time_of(const Click& click, const std::string& path) const {
    if (!by_time_) return 0;
    int64_t time = 0;
    int digits = 0;
    for (char c : click.time) {
      if (c < '0' || c > '9') continue;
      time = 10 * time + (c - '0');
      ++digits;
    }
    CTR_CHECK_DATA(digits > 0 && digits <= 18, "{}:{}: expected a time, found '{}'", path,
                   click.line, click.time);
    return time;
  }

  // The first .6 of a domain's positives by time train, the others split at random.
  void split_by_time(Interactions& data) {
    std::stable_sort(data.rows.begin(), data.rows.end(),
                     [](const Interaction& a, const Interaction& b) {
                       return a.domain != b.domain ? a.domain < b.domain : a.time < b.time;
                     });
    const RandomStream random{static_cast<uint64_t>(negatives_.seed), 0x71AE, 0};
    for (size_t begin = 0; begin < data.rows.size();) {
      size_t end = begin;
      while (end < data.rows.size() && data.rows[end].domain == data.rows[begin].domain) ++end;
      const size_t train = (end - begin) * 6 / 10;
      for (size_t r = begin; r < end; ++r) {
        data.rows[r].split_known = true;
        data.rows[r].split = r - begin < train        ? Split::train
                             : random.uniform(r) < .5 ? Split::valid
                                                      : Split::test;
      }
      begin = end;
    }
    negatives_.split = "keep";
  }

  std::string config_;
  int64_t themes_ = 10;
  bool by_time_ = false;
  NegativeOptions negatives_;
};

}  // namespace

ConverterInfo converter_taobao() {
  return {"taobao", "Tianchi 9716 cloud themes (Taobao-10, -20, -30)", "DIRECTORY",
          "ctrengine prepare taobao theme_click --config config_10.json --out data/taobao-10",
          [] { return std::make_unique<Taobao>(); }};
}

}  // namespace ctr
