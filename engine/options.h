#pragma once
// OptionList: named, typed settings with their help. One list serves the command line, the JSON
// configuration and the metadata of golden files, so a name means the same everywhere and an
// unknown one is refused everywhere.

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace ctr {

using IntList = std::vector<int64_t>;       // "256,128,64"
using NameList = std::vector<std::string>;  // "user,item"

struct Option {
  using Target = std::variant<bool*, int64_t*, double*, std::string*, IntList*, NameList*>;

  std::string name;  // "rank_k"; on the command line --rank-k
  Target target;     // holds the default until set
  std::string help;
  std::vector<std::string> choices = {};  // of a string; empty: any
  double least = -1e300;                  // of a number or of each list element
  double most = 1e300;
  bool repeats = false;  // a NameList that grows by the whole text each time it is set
};

// "rank_k" as the command line spells it: "rank-k".
std::string dashed(std::string name);

class OptionList {
 public:
  void add(Option option);

  const std::vector<Option>& all() const { return options_; }
  const Option* find(std::string_view name) const;  // null when unknown
  // Sets an option from text ("true", "0.5", "256,128,64", "[256,128]"); `where` begins the message
  // when the name is unknown, the text does not parse, or the value is out of bounds.
  void set(std::string_view name, std::string_view text, std::string_view where);
  // The present value as text that `set` reads back.
  static std::string text_of(const Option& option);

 private:
  std::vector<Option> options_;
};

}  // namespace ctr
