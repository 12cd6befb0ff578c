// amazon: reviews of 2014 and 2018, a file of JSON lines per category (domain), plain or gzip.

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <map>
#include <tuple>

#include <nlohmann/json.hpp>

#include "engine/check.h"
#include "io/prepare/fields.h"
#include "io/prepare/lines.h"
#include "io/prepare/negatives.h"
#include "io/prepare/prepare.h"

namespace ctr {
namespace {

using nlohmann::json;

// "Musical_Instruments_5.json.gz" → "Musical_Instruments"
std::string category_of(const std::string& path) {
  std::string name = std::filesystem::path(path).filename().string();
  for (const char* end : {".gz", ".json", "_5"}) {
    if (name.ends_with(end)) name.resize(name.size() - std::string(end).size());
  }
  return name.starts_with("reviews_") ? name.substr(8) : name;
}

// 1 … 12 of a time in seconds since 1970, UTC.
std::string month_of(int64_t time) {
  const auto days = std::chrono::floor<std::chrono::days>(
      std::chrono::sys_seconds(std::chrono::seconds(time)));
  return std::to_string(static_cast<unsigned>(std::chrono::year_month_day(days).month()));
}

class Amazon : public Converter {
 public:
  OptionList options() override {
    OptionList list;
    list.add({"label_rule",
              &rule_,
              "reviews: every review is a click, ratings ignored; above3: a rating above 3; "
              "above3-drop3: the same, 3 left out",
              {"reviews", "above3", "above3-drop3"}});
    list.add({"history",
              &history_,
              "the user's last so many items of label 1 before the review, as a sequence; 0: none",
              {},
              0,
              10000});
    list.add({"features", &features_, "of the review, as inputs: vote, style, month, verified"});
    list.add(
        {"by_time", &by_time_, "each domain's last .1 of reviews test, the .1 before validate"});
    negatives_.add_to(list);
    return list;
  }

  PreparePlan open(const std::vector<std::string>& inputs) override {
    CTR_CHECK(!inputs.empty(), "amazon: name at least one file");
    static const std::vector<std::string> known{"vote", "style", "month", "verified"};
    for (const std::string& feature : features_) {
      CTR_CHECK(std::find(known.begin(), known.end(), feature) != known.end(),
                "amazon: --features cannot hold '{}'; known are: {}", feature,
                fmt::join(known, ", "));
    }
    Interactions data;
    for (const std::string& feature : features_)
      data.extras.push_back({feature, ExtraColumn::Of::row, {}});
    for (const std::string& path : inputs) read(path, data);
    drop_repeated(data);
    if (by_time_) split_by_time(data);
    if (history_ > 0) add_history(data);
    PreparePlan plan;
    plan.note = complete(data, negatives_);
    CTR_CHECK((history_ == 0 && features_.empty()) ||
                  std::none_of(data.rows.begin(), data.rows.end(),
                               [](const Interaction& row) { return row.file < 0; }),
              "amazon: drawn negatives have no review, so no --history and no --features; use "
              "--label-rule above3");
    plan.origin =
        fmt::format("Amazon reviews of {} categories, label rule {}", inputs.size(), rule_);
    plan.schema.name = "amazon";
    plan.schema.fields = {token_field("user", FieldRole::user),
                          token_field("item", FieldRole::item), domain_field("domain")};
    for (const ExtraColumn& extra : data.extras) {
      plan.schema.fields.push_back(extra.name == "history"
                                       ? list_field(extra.name, FieldType::sequence, '|')
                                       : token_field(extra.name));
      if (extra.name == "history") plan.schema.fields.back().max_length = history_;
      if (extra.name == "vote") {  // buckets of a number
        plan.schema.fields.back().encoding.tokens = TokenRule::log_square;
      }
    }
    for (int32_t d = 0; d < data.domains.size(); ++d)
      plan.schema.domain_names.emplace_back(data.domains.token(d));
    plan.source = std::make_unique<InteractionSource>(std::move(data));
    return plan;
  }

 private:
  void read(const std::string& path, Interactions& data) {
    const int32_t domain = data.domains.id_of(category_of(path));
    const auto file = static_cast<int32_t>(data.files.size());
    data.files.push_back(path);
    for_each_line(path, [&](std::string_view line, int64_t number) {
      if (line.empty()) return;
      const json review = json::parse(line.begin(), line.end(), nullptr, false);
      auto text = [&](const char* key) {
        const bool good = review.is_object() && review.contains(key) && review[key].is_string();
        if (!good)
          problem(path, number, fmt::format("a JSON object with the text '{}'", key), line);
        return review[key].get<std::string>();
      };
      const std::string user = text("reviewerID"), item = text("asin");
      if (!review.contains("overall") || !review["overall"].is_number())
        problem(path, number, "a number 'overall'", line);
      const auto rating = review["overall"].get<double>();
      if (rule_ == "above3-drop3" && rating == 3) return;
      Interaction row;
      row.user = data.users.id_of(user);
      row.item = data.items.id_of(item);
      row.domain = domain;
      row.label = rule_ == "reviews" || rating > 3 ? 1.f : 0.f;
      row.file = file;
      row.line = number;
      if (review.contains("unixReviewTime") && review["unixReviewTime"].is_number_integer())
        row.time = review["unixReviewTime"].get<int64_t>();
      row.record = static_cast<int32_t>(ratings_.size());
      ratings_.push_back(rating);
      for (size_t e = 0; e < features_.size(); ++e)
        data.extras[e].cells.push_back(feature_of(review, features_[e], row.time));
      data.rows.push_back(row);
    });
  }

  [[noreturn]] static void problem(const std::string& path, int64_t line,
                                   const std::string& expected, std::string_view found) {
    fail(ErrorKind::data, "{}:{}: expected {}, found {}", path, line, expected, quoted(found));
  }

  static std::string feature_of(const json& review, const std::string& name, int64_t time) {
    if (name == "month") return time == 0 ? "" : month_of(time);
    const auto found = review.find(name);
    if (found == review.end()) return "";
    if (name == "style") return found->dump();
    if (!found->is_string()) return found->dump();
    std::string value = found->get<std::string>();
    std::erase(value, ',');  // "1,024" votes
    return value;
  }

  // Repeated (user, item, rating) of a domain: one pair with two ratings stays twice, as published.
  void drop_repeated(Interactions& data) const {
    std::vector<Interaction> kept;
    std::map<std::tuple<int32_t, int32_t, int32_t, double>, bool> seen;
    for (const Interaction& row : data.rows) {
      const double rating = ratings_[static_cast<size_t>(row.record)];
      if (seen.emplace(std::tuple(row.domain, row.user, row.item, rating), true).second)
        kept.push_back(row);
    }
    data.rows = std::move(kept);
  }

  void split_by_time(Interactions& data) {
    std::stable_sort(data.rows.begin(), data.rows.end(),
                     [](const Interaction& a, const Interaction& b) {
                       return a.domain != b.domain ? a.domain < b.domain : a.time < b.time;
                     });
    for (size_t begin = 0; begin < data.rows.size();) {
      size_t end = begin;
      while (end < data.rows.size() && data.rows[end].domain == data.rows[begin].domain) ++end;
      const size_t count = end - begin, test = count / 10, valid = (count - test) / 10;
      for (size_t r = begin; r < end; ++r) {
        data.rows[r].split_known = true;
        data.rows[r].split = end - r <= test           ? Split::test
                             : end - r <= test + valid ? Split::valid
                                                       : Split::train;
      }
      begin = end;
    }
    negatives_.split = "keep";
  }

  // Items of label 1 that the user reviewed before, over all domains, oldest first.
  void add_history(Interactions& data) const {
    std::vector<size_t> order(data.rows.size());
    for (size_t r = 0; r < order.size(); ++r) order[r] = r;
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
      return data.rows[a].user != data.rows[b].user ? data.rows[a].user < data.rows[b].user
                                                    : data.rows[a].time < data.rows[b].time;
    });
    ExtraColumn column{"history", ExtraColumn::Of::row, {}};
    column.cells.resize(ratings_.size());
    std::vector<std::pair<int64_t, int32_t>> past;  // time and item
    for (size_t i = 0; i < order.size(); ++i) {
      const Interaction& row = data.rows[order[i]];
      if (i == 0 || data.rows[order[i - 1]].user != row.user) past.clear();
      std::string& cell = column.cells[static_cast<size_t>(row.record)];
      size_t before = past.size();
      while (before > 0 && past[before - 1].first >= row.time)
        --before;  // the same moment is not past
      const size_t first =
          before > static_cast<size_t>(history_) ? before - static_cast<size_t>(history_) : 0;
      for (size_t p = first; p < before; ++p) {
        if (!cell.empty()) cell += '|';
        cell += data.items.token(past[p].second);
      }
      if (row.label > 0.5f) past.emplace_back(row.time, row.item);
    }
    data.extras.push_back(std::move(column));
  }

  std::string rule_ = "reviews";
  int64_t history_ = 0;
  NameList features_;
  bool by_time_ = false;
  NegativeOptions negatives_;
  std::vector<double> ratings_;  // by record
};

}  // namespace

ConverterInfo converter_amazon() {
  return {
      "amazon", "Amazon reviews of 2014 and 2018, JSON lines", "FILE...",
      "ctrengine prepare amazon Prime_Pantry_5.json.gz Video_Games_5.json.gz --label-rule above3 "
      "--history 20 --out data/amazon",
      [] { return std::make_unique<Amazon>(); }};
}

}  // namespace ctr
