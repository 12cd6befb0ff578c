#include "io/json.h"

#include <algorithm>
#include <functional>
#include <set>
#include <vector>

#include <nlohmann/json.hpp>

#include "engine/check.h"
#include "io/file.h"

namespace ctr {
namespace {

// Watches a parser: of two equal keys the library would keep one without a word.
class DuplicateKeys {
 public:
  bool operator()(int, Json::parse_event_t event, const Json& parsed) {
    if (event == Json::parse_event_t::object_start) open_.emplace_back();
    if (event == Json::parse_event_t::object_end) open_.pop_back();
    if (event == Json::parse_event_t::key) {
      const auto& key = parsed.get_ref<const std::string&>();
      if (!open_.back().insert(key).second && first_.empty()) first_ = key;
    }
    return true;
  }
  const std::string& first() const { return first_; }

 private:
  std::vector<std::set<std::string>> open_;  // keys of the objects that are not closed
  std::string first_;
};

}  // namespace

Json read_json(const std::string& path) {
  const std::string text = read_text(path);
  try {
    DuplicateKeys duplicates;
    Json json = Json::parse(text, std::ref(duplicates));
    CTR_CHECK_DATA(duplicates.first().empty(), "{}: key '{}' stands twice in one object", path,
                   duplicates.first());
    return json;
  } catch (const Json::parse_error& error) {
    const size_t at = std::min(error.byte == 0 ? 0 : error.byte - 1, text.size());
    const auto line = std::count(text.begin(), text.begin() + static_cast<int64_t>(at), '\n') + 1;
    const size_t newline = at == 0 ? std::string::npos : text.rfind('\n', at - 1);
    const size_t column = newline == std::string::npos ? at + 1 : at - newline;
    std::string what = error.what();
    if (size_t colon = what.rfind(": "); colon != std::string::npos) what = what.substr(colon + 2);
    fail(ErrorKind::data, "{}:{}:{}: not JSON: {}", path, line, column, what);
  } catch (const Json::exception& error) {  // a number too large
    fail(ErrorKind::data, "{}: not JSON: {}", path, error.what());
  }
}

Json parse_json(const std::string& text) { return Json::parse(text, nullptr, false); }

std::string json_text(const Json& json, int indent) { return json.dump(indent); }

}  // namespace ctr
