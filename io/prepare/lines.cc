#include "io/prepare/lines.h"

#include "io/prepare/text_reader.h"

namespace ctr {

void for_each_line(const std::string& path,
                   const std::function<void(std::string_view line, int64_t number)>& f) {
  TextReader reader(path);
  std::string text;
  int64_t number = 0;
  for (bool more = true; more;) {
    more = reader.append(text);
    size_t at = 0;
    while (at < text.size()) {
      size_t stop = text.find('\n', at);
      if (stop == std::string::npos) {
        if (more) break;
        stop = text.size();
      }
      std::string_view line = std::string_view(text).substr(at, stop - at);
      if (line.ends_with('\r')) line.remove_suffix(1);
      f(line, ++number);
      at = stop + 1;
    }
    text.erase(0, std::min(at, text.size()));
  }
}

void split_line(std::string_view line, std::string_view separator,
                std::vector<std::string_view>& pieces) {
  pieces.clear();
  while (true) {
    const size_t stop = line.find(separator);
    pieces.push_back(line.substr(0, stop));
    if (stop == std::string_view::npos) return;
    line.remove_prefix(stop + separator.size());
  }
}

}  // namespace ctr
