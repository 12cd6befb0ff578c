// amazon: reviews of 2014 and 2018, a file of JSON lines per category (domain), plain or gzip.

#include <algorithm>
#include <chrono>
#include <filesystem>

#include <nlohmann/json.hpp>

#include "engine/check.h"
#include "engine/nearest.h"
#include "io/prepare/fields.h"
#include "io/prepare/interaction_rule.h"
#include "io/prepare/lines.h"
#include "io/prepare/prepare.h"

namespace ctr {
namespace {

using nlohmann::json;

const std::vector<std::string> kFeatures{"vote", "style", "month", "time", "verified"};

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
  const auto days =
      std::chrono::floor<std::chrono::days>(std::chrono::sys_seconds(std::chrono::seconds(time)));
  return std::to_string(static_cast<unsigned>(std::chrono::year_month_day(days).month()));
}

// A review's feature as text; empty when it has none.
std::string feature_of(const json& review, const std::string& name, int64_t time) {
  if (name == "month") return time == 0 ? "" : month_of(time);
  if (name == "time") return std::to_string(time);
  const auto found = review.find(name);
  if (found == review.end()) return "";
  if (!found->is_string()) return found->dump();
  std::string value = found->get<std::string>();
  if (name == "vote") std::erase(value, ',');  // "1,024"
  return value;
}

class Amazon : public Converter {
 public:
  Amazon() { rule_.rated_again = true; }  // as published

  OptionList options() override {
    OptionList list;
    list.add({"history",
              &history_,
              "the user's last so many clicked items before the review, as a sequence; 0: none",
              {},
              0,
              10000});
    list.add(
        {"features", &features_, "of the review, as inputs: vote, style, month, time, verified"});
    rule_.add_options(list);
    list.add({"min_count", &min_count_, "rarer users and items are out of vocabulary", {}, 1, 1e9});
    return list;
  }

  PreparePlan open(const std::vector<std::string>& inputs) override {
    CTR_CHECK(!inputs.empty(), "prepare amazon: name at least one file");
    rule_.check();
    for (const std::string& feature : features_) {
      CTR_CHECK(std::find(kFeatures.begin(), kFeatures.end(), feature) != kFeatures.end(),
                "prepare amazon: --features cannot hold '{}'{}", feature,
                advice_on_name(feature, kFeatures));
    }
    CTR_CHECK(rule_.negatives == "none" || (history_ == 0 && features_.empty()),
              "prepare amazon: drawn negatives are no reviews, they have no --history and no "
              "--features; use --negatives none with --positive '>3'");
    PreparePlan plan;
    plan.schema.name = "amazon";
    plan.schema.fields = {token_field("user", FieldRole::user, min_count_),
                          token_field("item", FieldRole::item, min_count_), domain_field("domain")};
    std::vector<std::string> extras = features_;
    if (history_ > 0) extras.emplace_back("history");
    for (const std::string& name : extras) add_field(plan.schema, name);
    for (const std::string& path : inputs) {
      const std::string category = category_of(path);
      if (std::find(plan.schema.domain_names.begin(), plan.schema.domain_names.end(), category) ==
          plan.schema.domain_names.end())
        plan.schema.domain_names.push_back(category);
    }
    plan.schema.domains = std::ssize(plan.schema.domain_names);
    plan.origin = fmt::format("Amazon reviews of {}; clicks are ratings {}, negatives {}, split {}",
                              fmt::join(plan.schema.domain_names, ", "), rule_.positive,
                              rule_.negatives, rule_.split);
    plan.source = std::make_unique<InteractionSource>(
        extras, inputs, [self = *this, inputs, names = plan.schema.domain_names](BadLines& bad) {
          return self.load(inputs, names, bad);
        });
    return plan;
  }

 private:
  void add_field(Schema& schema, const std::string& name) const {
    if (name == "history") {
      schema.fields.push_back(list_field(name, FieldType::sequence, '|'));
      schema.fields.back().max_length = history_;
    } else if (name == "time") {
      schema.fields.push_back(number_field(name, NumberRule::standard));
    } else {
      schema.fields.push_back(token_field(name));
      if (name == "vote") schema.fields.back().encoding.tokens = TokenRule::log_square;
    }
  }

  Interactions load(const std::vector<std::string>& paths, const std::vector<std::string>& domains,
                    BadLines& bad) const {
    Interactions table;
    table.domains = domains;
    for (const std::string& feature : features_)
      table.extras.push_back({feature, ExtraColumn::Of::context});
    int64_t reviews = 0;
    for (size_t file = 0; file < paths.size(); ++file) {
      const auto domain =
          std::find(domains.begin(), domains.end(), category_of(paths[file])) - domains.begin();
      for_each_line(paths[file], "", [&](const Line& line) {
        Interaction row;
        row.file = static_cast<int32_t>(file);
        row.domain = static_cast<int32_t>(domain);
        row.line = line.number;
        row.context = reviews;
        if (read_review(line, table, row, bad)) {
          table.rows.push_back(row);
          ++reviews;
        }
      });
    }
    rule_.apply(table);
    if (history_ > 0) add_history(table);
    return table;
  }

  bool read_review(const Line& line, Interactions& table, Interaction& row, BadLines& bad) const {
    const json review = json::parse(line.text.begin(), line.text.end(), nullptr, false);
    auto has = [&](const char* key, auto is_right) {
      return review.is_object() && review.contains(key) && is_right(review[key]);
    };
    auto is_text = [](const json& value) { return value.is_string(); };
    if (!has("reviewerID", is_text) || !has("asin", is_text) ||
        !has("overall", [](const json& value) { return value.is_number(); })) {
      line.report(bad, 1, "a JSON object with reviewerID, asin and the number overall",
                  "meta files and Python literals are not reviews");
      return false;
    }
    row.rating = review["overall"].get<double>();
    if (has("unixReviewTime", [](const json& value) { return value.is_number_integer(); })) {
      row.time = review["unixReviewTime"].get<int64_t>();
    } else if (needs_time()) {
      line.report(bad, 1, "a review with the whole number unixReviewTime",
                  "only the feature time, --history and --split time need it");
      return false;
    }
    row.user = table.users.add(review["reviewerID"].get<std::string>());
    row.item = table.items.add(review["asin"].get<std::string>());
    for (size_t e = 0; e < features_.size(); ++e) {
      table.extras[e].set(row.context, table.texts.add(feature_of(review, features_[e], row.time)));
    }
    return true;
  }

  bool needs_time() const {
    return history_ > 0 || rule_.split.starts_with("time") ||
           std::find(features_.begin(), features_.end(), "time") != features_.end();
  }

  // The items that the user clicked before the row's time, over all domains, oldest first.
  void add_history(Interactions& table) const {
    std::vector<size_t> order(table.rows.size());
    for (size_t r = 0; r < order.size(); ++r) order[r] = r;
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
      const Interaction &x = table.rows[a], &y = table.rows[b];
      return x.user != y.user ? x.user < y.user : x.time < y.time;
    });
    ExtraColumn column{"history", ExtraColumn::Of::context};
    std::vector<const Interaction*> past;
    for (size_t i = 0; i < order.size(); ++i) {
      const Interaction& row = table.rows[order[i]];
      if (i == 0 || table.rows[order[i - 1]].user != row.user) past.clear();
      size_t end = past.size();
      while (end > 0 && past[end - 1]->time >= row.time) --end;  // the same moment is not past
      const size_t most = static_cast<size_t>(history_);
      std::string cell;
      for (size_t p = end > most ? end - most : 0; p < end; ++p) {
        if (!cell.empty()) cell += '|';
        cell += table.items.text(past[p]->item);
      }
      column.set(row.context, table.texts.add(cell));
      if (row.positive) past.push_back(&row);
    }
    table.extras.push_back(std::move(column));
  }

  int64_t history_ = 0, min_count_ = 1;
  NameList features_;
  InteractionRule rule_;
};

}  // namespace

ConverterInfo converter_amazon() {
  return {"amazon", "Amazon reviews of 2014 and 2018, JSON lines", "FILE",
          "ctrengine prepare amazon Prime_Pantry_5.json.gz Video_Games_5.json.gz --positive '>3' "
          "--negatives none --history 20 --out data/amazon",
          [] { return std::make_unique<Amazon>(); }};
}

}  // namespace ctr
