#include "tools/ablation/panels.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "tools/ablation/scale.h"
#include "tools/ablation/svg.h"

namespace ctr {
namespace {

constexpr int64_t kColumns = 4;
constexpr double kWidth = 250, kHeight = 190, kLeft = 52, kRight = 10, kTop = 30, kBottom = 44;

bool known(const LinePoint& point) { return std::isfinite(point.x) && std::isfinite(point.y); }

void draw_line(Svg& svg, const AxisScale& x, const AxisScale& y, const Line& line,
               const std::string& style) {
  std::vector<std::pair<double, double>> points;
  for (const LinePoint& point : line)
    if (known(point)) points.emplace_back(x(point.x), y(point.y));
  if (points.size() > 1) svg.path(points, style);
}

// Whiskers, and the number where a pointer rests.
void draw_points(Svg& svg, const AxisScale& x, const AxisScale& y, const Line& line) {
  const bool few = line.size() <= 12;
  for (const LinePoint& point : line) {
    if (!known(point)) continue;
    const double px = x(point.x);
    if (std::isfinite(point.low) && std::isfinite(point.high))
      svg.line(px, y(point.low), px, y(point.high), "spread");
    svg.circle(px, y(point.y), few ? 2.6 : 1.4, "better",
               fmt::format("{:g}: {:.5g}", point.x, point.y));
  }
}

}  // namespace

std::string panel_chart(const ChartText& text, const std::vector<Panel>& panels,
                        bool may_be_logarithmic) {
  std::vector<double> xs, ys;
  auto take = [&](const std::vector<Line>& lines) {
    for (const Line& line : lines)
      for (const LinePoint& point : line) {
        if (!known(point)) continue;
        xs.push_back(point.x);
        for (double value : {point.y, point.low, point.high})
          if (std::isfinite(value)) ys.push_back(value);
      }
  };
  for (const Panel& panel : panels) {
    take(panel.lines);
    take(panel.reference);
  }
  const int64_t across = std::clamp<int64_t>(std::ssize(panels), 1, kColumns);
  const int64_t down = (std::max<int64_t>(1, std::ssize(panels)) + across - 1) / across;
  Svg svg(text.id, text.title, text.description, kWidth * static_cast<double>(across),
          kHeight * static_cast<double>(down));
  if (xs.empty()) {
    svg.text(kWidth / 2, kHeight / 2, "no run is done", "middle");
    return svg.done();
  }
  for (size_t p = 0; p < panels.size(); ++p) {
    const double left = kWidth * static_cast<double>(static_cast<int64_t>(p) % across),
                 top = kHeight * static_cast<double>(static_cast<int64_t>(p) / across);
    const AxisScale x = scale_over(xs, left + kLeft, left + kWidth - kRight, may_be_logarithmic);
    const AxisScale y = scale_over(ys, top + kHeight - kBottom, top + kTop, false);
    draw_axes(svg, x, y, text.x_label, "");
    svg.text(left + kLeft, top + kTop - 10, panels[p].title, "heading");
    for (const Line& line : panels[p].reference) draw_line(svg, x, y, line, "reference");
    for (const Line& line : panels[p].lines) {
      draw_line(svg, x, y, line, "curve");
      draw_points(svg, x, y, line);
    }
  }
  return svg.done();
}

}  // namespace ctr
