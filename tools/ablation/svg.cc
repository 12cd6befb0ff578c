#include "tools/ablation/svg.h"

#include <fmt/format.h>

namespace ctr {

Svg::Svg(const std::string& id, const std::string& title, const std::string& description,
         double width, double height)
    : text_(
          fmt::format("<svg role=\"img\" aria-labelledby=\"{0}-title {0}-text\" viewBox=\"0 0 {1} "
                      "{2}\" width=\"{1}\" height=\"{2}\">\n<title id=\"{0}-title\">{3}</title>\n"
                      "<desc id=\"{0}-text\">{4}</desc>\n",
                      id, width, height, html_text(title), html_text(description))) {}

void Svg::line(double x1, double y1, double x2, double y2, const std::string& style) {
  text_ +=
      fmt::format("<line class=\"{}\" x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\"/>\n",
                  style, x1, y1, x2, y2);
}

void Svg::rect(double x, double y, double width, double height, const std::string& style) {
  text_ += fmt::format(
      "<rect class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\"/>\n", style,
      x, y, width, height);
}

void Svg::circle(double x, double y, double radius, const std::string& style,
                 const std::string& tip) {
  text_ += fmt::format(
      "<circle class=\"{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{:.1f}\"><title>{}</title></circle>\n",
      style, x, y, radius, html_text(tip));
}

void Svg::text(double x, double y, const std::string& text, const std::string& style) {
  text_ += fmt::format("<text class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n", style, x, y,
                       html_text(text));
}

std::string html_text(const std::string& text) {
  std::string result;
  for (char c : text) {
    if (c == '&')
      result += "&amp;";
    else if (c == '<')
      result += "&lt;";
    else if (c == '>')
      result += "&gt;";
    else if (c == '"')
      result += "&quot;";
    else
      result += c;
  }
  return result;
}

}  // namespace ctr
