#include "tools/ablation/svg.h"

#include <fmt/format.h>

namespace ctr {

const char* chart_style() {
  return R"(
:root { color-scheme: light dark; --ground: #ffffff; --ink: #1c2128; --soft: #57606a;
  --line: #d8dee4; --better: #0b6bcb; --worse: #c2410c; --full: #1c2128; --row: #f6f8fa; }
@media (prefers-color-scheme: dark) { :root { --ground: #12161c; --ink: #e6edf3; --soft: #9aa7b4;
  --line: #333c47; --better: #5aa9f5; --worse: #f0883e; --full: #ffffff; --row: #1a2028; } }
svg text { fill: var(--ink); font: 12px system-ui, "Helvetica Neue", Arial, sans-serif; }
svg .small { fill: var(--soft); font-size: 11px; }
svg .heading { fill: var(--soft); font-weight: 600; }
svg .number { font-variant-numeric: tabular-nums; }
svg .middle { text-anchor: middle; }
svg .end { text-anchor: end; }
svg .grid { stroke: var(--line); }
svg .zero { stroke: var(--ink); }
svg .whisker { stroke: var(--ink); stroke-width: 1.4; }
svg .leader { stroke: var(--soft); stroke-width: .7; }
svg .better { fill: var(--better); }
svg .worse { fill: var(--worse); }
svg .unclear { fill-opacity: .4; }
svg .backing { fill: var(--ground); fill-opacity: .8; }
svg .point { fill: var(--better); stroke: var(--ground); }
svg .beyond { fill: var(--ground); stroke: var(--better); stroke-width: 1.6; }
svg .full { fill: var(--full); }
svg .curve { fill: none; stroke: var(--better); stroke-width: 1.8; }
svg .reference { fill: none; stroke: var(--soft); stroke-width: 1.4; }
svg .spread { stroke: var(--better); stroke-width: 1; }
)";
}

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

void Svg::path(const std::vector<std::pair<double, double>>& points, const std::string& style) {
  text_ += fmt::format("<polyline class=\"{}\" points=\"", style);
  for (const auto& [x, y] : points) text_ += fmt::format("{:.1f},{:.1f} ", x, y);
  text_ += "\"/>\n";
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

std::string svg_file(const std::string& chart) {
  const std::string begin = "<svg ";
  const size_t inside = chart.find('>') + 1;
  return "<svg xmlns=\"http://www.w3.org/2000/svg\" " +
         chart.substr(begin.size(), inside - begin.size()) +
         fmt::format("\n<style>{}\nsvg {{ background: var(--ground); }}</style>\n", chart_style()) +
         chart.substr(inside);
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
