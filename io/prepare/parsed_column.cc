#include "io/prepare/parsed_column.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "engine/check.h"
#include "engine/nearest.h"

namespace ctr {
namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// A finite number; false on anything else.
bool parse_number(std::string_view text, double& number) {
  text = trimmed(text);
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  return code == std::errc() && end == text.data() + text.size() && std::isfinite(number);
}

// The token that a rule makes of a number.
std::string token_of(const Encoding& encoding, double x) {
  if (encoding.tokens == TokenRule::boundaries) {
    const auto& b = encoding.boundaries;
    return std::to_string(std::upper_bound(b.begin(), b.end(), x) - b.begin());
  }
  const double bucket = x > 2 ? std::floor(std::log(x) * std::log(x)) : std::trunc(x);
  return fmt::format("{:.0f}", bucket == 0 ? 0.0 : bucket);  // no "-0"
}

// Replaces the tokens by those that the rule makes; empty cells stay empty.
void apply_token_rule(const Encoding& encoding, int64_t column, ParsedColumn& parsed) {
  std::vector<std::pair<size_t, size_t>> places(parsed.tokens.size());
  for (size_t r = 0; r < parsed.tokens.size(); ++r) {
    places[r] = {parsed.made.size(), 0};
    if (trimmed(parsed.tokens[r]).empty()) continue;
    double x = 0;
    if (!parse_number(parsed.tokens[r], x)) {
      parsed.errors.push_back({static_cast<int64_t>(r), column, "a number",
                               quoted(parsed.tokens[r]), "leave the cell empty if it is missing"});
      continue;
    }
    const std::string token = token_of(encoding, x);
    parsed.made += token;
    places[r].second = token.size();
  }
  for (size_t r = 0; r < places.size(); ++r)
    parsed.tokens[r] = std::string_view(parsed.made).substr(places[r].first, places[r].second);
}

// Ids must be whole numbers inside their table.
void check_given(const Field& field, int64_t column, ParsedColumn& parsed) {
  const auto row_of = [&](size_t token) {
    if (parsed.offsets.empty()) return static_cast<int64_t>(token);
    return std::upper_bound(parsed.offsets.begin(), parsed.offsets.end(),
                            static_cast<int64_t>(token)) -
           parsed.offsets.begin() - 1;
  };
  for (size_t t = 0; t < parsed.tokens.size(); ++t) {
    const std::string_view token = trimmed(parsed.tokens[t]);
    if (token.empty() && field.padding) continue;
    int64_t id = 0;
    const auto [end, code] = std::from_chars(token.data(), token.data() + token.size(), id);
    if (code == std::errc() && end == token.data() + token.size() && id >= 0 &&
        id < field.vocabulary)
      continue;
    parsed.errors.push_back(
        {row_of(t), column,
         fmt::format("an id in [0, {}) for field '{}'", field.vocabulary, field.name),
         quoted(token), "enlarge the field's vocabulary in the schema"});
  }
}

void check_domains(const std::vector<std::string>& names, int64_t column, ParsedColumn& parsed) {
  for (size_t r = 0; r < parsed.tokens.size(); ++r) {
    if (std::find(names.begin(), names.end(), parsed.tokens[r]) != names.end()) continue;
    std::string advice = advice_on_name(parsed.tokens[r], names);
    parsed.errors.push_back({static_cast<int64_t>(r), column, "the name of a domain",
                             quoted(parsed.tokens[r]), advice.substr(2)});
  }
}

void split_lists(const Field& field, const std::vector<std::string_view>& cells,
                 ParsedColumn& parsed) {
  parsed.offsets.assign(1, 0);
  for (std::string_view cell : cells) {
    const size_t begin = parsed.tokens.size();
    while (!cell.empty()) {
      const size_t stop = cell.find(field.encoding.separator);
      const std::string_view token = cell.substr(0, stop);
      if (!token.empty()) parsed.tokens.push_back(token);
      if (stop == std::string_view::npos) break;
      cell.remove_prefix(stop + 1);
    }
    const auto most = static_cast<size_t>(field.max_length);
    if (const size_t count = parsed.tokens.size() - begin; most > 0 && count > most) {
      const auto first = parsed.tokens.begin() + static_cast<int64_t>(begin);
      if (field.type == FieldType::sequence) {  // the last ones stay
        parsed.tokens.erase(first, first + static_cast<int64_t>(count - most));
      } else {
        parsed.tokens.resize(begin + most);
      }
    }
    parsed.offsets.push_back(static_cast<int64_t>(parsed.tokens.size()));
  }
}

void parse_numbers(const std::vector<std::string_view>& cells, int64_t column,
                   ParsedColumn& parsed) {
  for (size_t r = 0; r < cells.size(); ++r) {
    double x = kMissing;
    if (!trimmed(cells[r]).empty() && !parse_number(cells[r], x)) {
      parsed.errors.push_back({static_cast<int64_t>(r), column, "a finite number", quoted(cells[r]),
                               "leave the cell empty if it is missing"});
    }
    parsed.numbers.push_back(x);
  }
}

}  // namespace

void parse_field(const Field& field, const std::vector<std::string>& domain_names,
                 const std::vector<std::string_view>& cells, int64_t column, ParsedColumn& parsed) {
  parsed.tokens.clear();
  parsed.offsets.clear();
  parsed.numbers.clear();
  parsed.errors.clear();
  parsed.made.clear();
  if (field.type == FieldType::numeric) return parse_numbers(cells, column, parsed);
  if (field.is_list()) {
    split_lists(field, cells, parsed);
  } else {
    parsed.tokens = cells;
    if (field.encoding.tokens != TokenRule::text) apply_token_rule(field.encoding, column, parsed);
  }
  if (field.encoding.ids == IdRule::given) check_given(field, column, parsed);
  if (field.role == FieldRole::domain && !domain_names.empty())
    check_domains(domain_names, column, parsed);
}

void parse_label(const std::vector<std::string_view>& cells, int64_t column, ParsedColumn& parsed) {
  parsed.numbers.clear();
  parsed.errors.clear();
  for (size_t r = 0; r < cells.size(); ++r) {
    double x = 0;
    if (!parse_number(cells[r], x) || x < 0 || x > 1) {
      parsed.errors.push_back(
          {static_cast<int64_t>(r), column, "a label in [0, 1]", quoted(cells[r]), ""});
      x = 0;
    }
    parsed.numbers.push_back(x);
  }
}

}  // namespace ctr
