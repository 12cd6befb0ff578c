#include "io/prepare/parsed_column.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "engine/check.h"
#include "engine/nearest.h"
#include "io/prepare/numbers.h"

namespace ctr {
namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();
constexpr double kMostNumber = std::numeric_limits<float>::max();  // they are stored as floats

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// A column's cells lie a row apart: each is a line of memory of its own, asked for ahead of its
// use.
void prefetch_cell(const std::vector<std::string_view>& cells, size_t row) {
  constexpr size_t kAhead = 16;
  if (row + kAhead < cells.size()) __builtin_prefetch(cells[row + kAhead].data());
}

double log_square(double x) {
  const double bucket = x > 2 ? std::floor(std::log(x) * std::log(x)) : std::trunc(x);
  return bucket == 0 ? 0 : bucket;  // no "-0"
}

// The token that a rule makes of a number.
std::string token_of(const Encoding& encoding, double x) {
  if (encoding.tokens == TokenRule::boundaries) {
    const auto& b = encoding.boundaries;
    return std::to_string(std::upper_bound(b.begin(), b.end(), x) - b.begin());
  }
  return fmt::format("{:.0f}", log_square(x));
}

// The log_square tokens of the whole numbers below 10,000, which are most cells: a logarithm and
// its text cost ten times a look-up.
class SmallTokens {
 public:
  SmallTokens() {
    for (size_t x = 0; x < bucket_.size(); ++x) {
      bucket_[x] = static_cast<uint8_t>(log_square(static_cast<double>(x)));
      while (tokens_.size() <= bucket_[x]) tokens_.push_back(std::to_string(tokens_.size()));
    }
  }
  std::string_view operator[](size_t x) const { return tokens_[bucket_[x]]; }

 private:
  std::array<uint8_t, 10'000> bucket_;  // floor(ln(9999)^2) = 84
  std::vector<std::string> tokens_;
};

// The whole number that one to four digits write, else -1.
int small_number(std::string_view text) {
  if (text.empty() || text.size() > 4) return -1;
  int number = 0;
  for (char c : text) {
    if (c < '0' || c > '9') return -1;
    number = 10 * number + (c - '0');
  }
  return number;
}

// The tokens that the rule makes of the cells; empty cells stay empty.
void apply_token_rule(const Encoding& encoding, const std::vector<std::string_view>& cells,
                      int64_t column, ParsedColumn& parsed) {
  struct Made {
    size_t row, begin, size;
  };
  static const SmallTokens small_tokens;
  std::vector<Made> made;  // `parsed.made` moves as it grows
  parsed.own.resize(cells.size());
  for (size_t r = 0; r < cells.size(); ++r) {
    parsed.own[r] = {};
    prefetch_cell(cells, r);
    if (cells[r].empty()) continue;
    const int small = encoding.tokens == TokenRule::log_square ? small_number(cells[r]) : -1;
    if (small >= 0) {
      parsed.own[r] = small_tokens[static_cast<size_t>(small)];
      continue;
    }
    if (trimmed(cells[r]).empty()) continue;
    double x = 0;
    if (!parse_finite(trimmed(cells[r]), x)) {
      parsed.errors.push_back({static_cast<int64_t>(r), column, "a number", quoted(cells[r]),
                               "leave the cell empty if it is missing"});
      continue;
    }
    const std::string token = token_of(encoding, x);
    made.push_back({r, parsed.made.size(), token.size()});
    parsed.made += token;
  }
  for (const Made& token : made)
    parsed.own[token.row] = std::string_view(parsed.made).substr(token.begin, token.size);
  parsed.tokens = parsed.own;
}

// Ids must be whole numbers inside their table.
void check_given(const Field& field, int64_t column, ParsedColumn& parsed) {
  const auto row_of = [&](size_t token) {
    if (parsed.offsets.empty()) return static_cast<int64_t>(token);
    return std::upper_bound(parsed.offsets.begin(), parsed.offsets.end(),
                            static_cast<int64_t>(token)) -
           parsed.offsets.begin() - 1;
  };
  for (size_t t = 0; t < parsed.own.size(); ++t) {
    const std::string_view token = parsed.own[t] = trimmed(parsed.own[t]);
    if (token.empty() && field.padding) continue;
    int64_t id = 0;
    if (parse_whole(token, id) && id >= 0 && id < field.vocabulary) continue;
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
    const size_t begin = parsed.own.size();
    while (!cell.empty()) {
      const size_t stop = cell.find(field.encoding.separator);
      const std::string_view token = cell.substr(0, stop);
      if (!token.empty()) parsed.own.push_back(token);
      if (stop == std::string_view::npos) break;
      cell.remove_prefix(stop + 1);
    }
    const auto most = static_cast<size_t>(field.max_length);
    if (const size_t count = parsed.own.size() - begin; most > 0 && count > most) {
      const auto first = parsed.own.begin() + static_cast<int64_t>(begin);
      if (field.type == FieldType::sequence) {  // the last ones stay
        parsed.own.erase(first, first + static_cast<int64_t>(count - most));
      } else {
        parsed.own.resize(begin + most);
      }
    }
    parsed.offsets.push_back(static_cast<int64_t>(parsed.own.size()));
  }
  parsed.tokens = parsed.own;
}

void parse_numbers(const std::vector<std::string_view>& cells, int64_t column,
                   ParsedColumn& parsed) {
  for (size_t r = 0; r < cells.size(); ++r) {
    double x = kMissing;
    prefetch_cell(cells, r);
    const bool missing = trimmed(cells[r]).empty();
    if (!missing && (!parse_finite(trimmed(cells[r]), x) || std::abs(x) > kMostNumber)) {
      parsed.errors.push_back({static_cast<int64_t>(r), column,
                               "a finite number of at most 3.4e38 in size", quoted(cells[r]),
                               "leave the cell empty if it is missing"});
    }
    parsed.numbers.push_back(x);
  }
}

}  // namespace

void parse_field(const Field& field, const std::vector<std::string>& domain_names,
                 const std::vector<std::string_view>& cells, int64_t column, ParsedColumn& parsed) {
  parsed.tokens = {};
  parsed.own.clear();
  parsed.offsets.clear();
  parsed.numbers.clear();
  parsed.errors.clear();
  parsed.made.clear();
  if (field.type == FieldType::numeric) return parse_numbers(cells, column, parsed);
  if (field.is_list()) {
    split_lists(field, cells, parsed);
  } else {
    parsed.tokens = cells;
    if (field.encoding.tokens != TokenRule::text)
      apply_token_rule(field.encoding, cells, column, parsed);
  }
  if (field.encoding.ids == IdRule::given) {
    if (parsed.own.empty()) parsed.own = cells;
    check_given(field, column, parsed);
    parsed.tokens = parsed.own;
  }
  if (field.role == FieldRole::domain && !domain_names.empty())
    check_domains(domain_names, column, parsed);
}

void parse_label(const std::vector<std::string_view>& cells, int64_t column, ParsedColumn& parsed) {
  parsed.numbers.clear();
  parsed.errors.clear();
  for (size_t r = 0; r < cells.size(); ++r) {
    prefetch_cell(cells, r);
    double x = cells[r] == "1" ? 1 : 0;
    if (cells[r] != "0" && cells[r] != "1" &&
        (!parse_finite(trimmed(cells[r]), x) || x < 0 || x > 1)) {
      parsed.errors.push_back(
          {static_cast<int64_t>(r), column, "a label in [0, 1]", quoted(cells[r]), ""});
      x = 0;
    }
    parsed.numbers.push_back(x);
  }
}

}  // namespace ctr
