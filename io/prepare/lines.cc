#include "io/prepare/lines.h"

#include "engine/check.h"
#include "io/prepare/text_reader.h"

namespace ctr {
namespace {

void cut(std::string_view text, std::string_view separator, std::vector<std::string_view>& cells) {
  cells.clear();
  size_t from = 0;
  while (!separator.empty()) {
    const size_t stop = text.find(separator, from);
    if (stop == std::string_view::npos) break;
    cells.push_back(text.substr(from, stop - from));
    from = stop + separator.size();
  }
  cells.push_back(text.substr(from));
}

}  // namespace

void Line::report(BadLines& bad, size_t cell, std::string_view expected,
                  std::string_view advice) const {
  if (cell >= cells.size()) {
    bad.report({path, number, 0}, expected, quoted(text), advice);
    return;
  }
  bad.report({path, number, cells[cell].data() - text.data() + 1}, expected, quoted(cells[cell]),
             advice);
}

void for_each_line(const std::string& path, std::string_view separator,
                   const std::function<void(const Line& line)>& visit) {
  TextReader reader(path);
  Line line{path, 0, {}, {}};
  auto take = [&](std::string_view text) {
    ++line.number;
    if (text.ends_with('\r')) text.remove_suffix(1);
    if (text.empty()) return;
    line.text = text;
    cut(text, separator, line.cells);
    visit(line);
  };
  std::string text;
  for (bool more = true; more;) {
    const size_t from = text.size();
    more = reader.append(text);
    size_t at = 0;
    for (size_t stop = text.find('\n', from); stop != std::string::npos;
         stop = text.find('\n', at)) {
      take(std::string_view(text).substr(at, stop - at));
      at = stop + 1;
    }
    text.erase(0, at);
  }
  if (!text.empty()) take(text);
}

std::string first_line(const std::string& path) {
  TextReader reader(path);
  std::string text;
  while (text.find('\n') == std::string::npos && reader.append(text)) {
  }
  return text.substr(0, text.find('\n'));
}

}  // namespace ctr
