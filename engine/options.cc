#include "engine/options.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>

#include "engine/check.h"
#include "engine/nearest.h"

namespace ctr {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '[' || text.front() == '"'))
    text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == ']' || text.back() == '"'))
    text.remove_suffix(1);
  return text;
}

std::vector<std::string_view> elements(std::string_view text) {
  std::vector<std::string_view> result;
  text = trimmed(text);
  while (!text.empty()) {
    size_t comma = text.find(',');
    result.push_back(trimmed(text.substr(0, comma)));
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
  }
  return result;
}

// Sets the target of one option; every failure names the option and what it takes.
class Setter {
 public:
  Setter(const Option& option, std::string_view text, std::string_view where)
      : option_(option), text_(text), where_(where) {}

  void operator()(bool* target) const {
    if (text_ == "true" || text_ == "1" || text_ == "on") {
      *target = true;
    } else if (text_ == "false" || text_ == "0" || text_ == "off") {
      *target = false;
    } else {
      refuse("true or false");
    }
  }
  void operator()(int64_t* target) const { *target = number<int64_t>(text_, "a whole number"); }
  void operator()(double* target) const { *target = number<double>(text_, "a number"); }
  void operator()(std::string* target) const {
    std::string value(trimmed(text_));
    bool known = option_.choices.empty();
    for (const std::string& choice : option_.choices) known = known || choice == value;
    CTR_CHECK(known, "{}: {} cannot be '{}'{}", where_, option_.name, value,
              advice_on_name(value, option_.choices));
    *target = value;
  }
  void operator()(IntList* target) const {
    target->clear();
    for (std::string_view element : elements(text_)) {
      target->push_back(number<int64_t>(element, "whole numbers with commas between them"));
    }
  }
  void operator()(NameList* target) const {
    if (option_.repeats) {
      target->emplace_back(text_);
      return;
    }
    target->clear();
    for (std::string_view element : elements(text_)) target->emplace_back(element);
  }

 private:
  [[noreturn]] void refuse(std::string_view wanted) const {
    fail(ErrorKind::usage, "{}: {} takes {}, got '{}'", where_, option_.name, wanted, text_);
  }

  template <class T>
  T number(std::string_view text, std::string_view wanted) const {
    T value{};
    auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (code != std::errc() || end != text.data() + text.size()) refuse(wanted);
    auto real = static_cast<double>(value);
    CTR_CHECK(std::isfinite(real) && real >= option_.least && real <= option_.most,
              "{}: {} must be {}, got {}", where_, option_.name, bounds(), text);
    return value;
  }

  std::string bounds() const {
    if (option_.least < -1e299 && option_.most > 1e299) return "finite";
    if (option_.most > 1e299) return fmt::format("at least {}", option_.least);
    if (option_.least < -1e299) return fmt::format("at most {}", option_.most);
    return fmt::format("between {} and {}", option_.least, option_.most);
  }

  const Option& option_;
  std::string_view text_;
  std::string_view where_;
};

struct Printer {
  std::string operator()(const bool* value) const { return *value ? "true" : "false"; }
  std::string operator()(const int64_t* value) const { return std::to_string(*value); }
  std::string operator()(const double* value) const { return fmt::format("{}", *value); }
  std::string operator()(const std::string* value) const { return *value; }
  std::string operator()(const IntList* value) const {
    return fmt::format("{}", fmt::join(*value, ","));
  }
  std::string operator()(const NameList* value) const {
    return fmt::format("{}", fmt::join(*value, ","));
  }
};

}  // namespace

std::string dashed(std::string name) {
  std::replace(name.begin(), name.end(), '_', '-');
  return name;
}

void OptionList::add(Option option) {
  CTR_ASSERT(find(option.name) == nullptr);
  options_.push_back(std::move(option));
}

const Option* OptionList::find(std::string_view name) const {
  for (const Option& option : options_) {
    if (option.name == name) return &option;
  }
  return nullptr;
}

void OptionList::set(std::string_view name, std::string_view text, std::string_view where) {
  const Option* option = find(name);
  if (option == nullptr) {
    std::vector<std::string> names;
    for (const Option& known : options_) names.push_back(known.name);
    fail(ErrorKind::usage, "{}: unknown option '{}'{}", where, name, advice_on_name(name, names));
  }
  std::visit(Setter(*option, text, where), option->target);
}

std::string OptionList::text_of(const Option& option) {
  return std::visit(Printer(), option.target);
}

}  // namespace ctr
