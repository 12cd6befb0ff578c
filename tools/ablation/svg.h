#pragma once
// A picture as inline SVG, shape by shape.

#include <string>
#include <utility>
#include <vector>

namespace ctr {

class Svg {
 public:
  // `id` begins the names of title and description, which label the picture.
  Svg(const std::string& id, const std::string& title, const std::string& description, double width,
      double height);

  void line(double x1, double y1, double x2, double y2, const std::string& style);
  // Lines from each point to the next.
  void path(const std::vector<std::pair<double, double>>& points, const std::string& style);
  void rect(double x, double y, double width, double height, const std::string& style);
  // `tip` shows where a pointer rests.
  void circle(double x, double y, double radius, const std::string& style, const std::string& tip);
  // Styles "start", "middle" and "end" say which part of the text lies at x.
  void text(double x, double y, const std::string& text, const std::string& style);

  // The whole element.
  std::string done() const { return text_ + "</svg>\n"; }

 private:
  std::string text_;
};

// The colours and letters of all charts, as a style sheet; light or dark as the reader has it.
const char* chart_style();
// A chart (Svg::done) as a file of its own, style sheet inside.
std::string svg_file(const std::string& chart);

// Characters that mean something in HTML written as references.
std::string html_text(const std::string& text);

}  // namespace ctr
