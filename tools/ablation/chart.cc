#include "tools/ablation/chart.h"

#include <algorithm>
#include <cmath>

#include "tools/ablation/scale.h"
#include "tools/ablation/svg.h"

namespace ctr {
namespace {

// The farthest that each bar or whisker goes from 0, by side: of values below it, or above.
std::vector<double> reaches(const std::vector<Bar>& bars, bool below) {
  std::vector<double> all;
  for (const Bar& bar : bars) {
    double most = 0;
    for (double value : {bar.value, bar.low, bar.high})
      if (std::isfinite(value)) most = std::max(most, below ? -value : value);
    if (most > 0) all.push_back(most);
  }
  return all;
}

// From 0 to both sides. What goes more than kFar times as far as the median does not stretch the
// axis: it would press the others together.
std::pair<double, double> extent(const std::vector<Bar>& bars) {
  constexpr double kFar = 5;
  std::vector<double> below = reaches(bars, true), above = reaches(bars, false), all = below;
  all.insert(all.end(), above.begin(), above.end());
  if (all.empty()) return {-1, 1};
  std::nth_element(all.begin(), all.begin() + std::ssize(all) / 2, all.end());
  const double limit = kFar * all[all.size() / 2];
  auto farthest = [limit](const std::vector<double>& side) {
    double most = 0, cut = 0;
    for (double reach : side)
      (reach <= limit ? most : cut) = std::max(reach, reach <= limit ? most : cut);
    return 1.04 * (cut > 0 ? std::max(1.25 * most, limit / kFar) : most);
  };
  return {-farthest(below), farthest(above)};
}

// An arrow's head where a bar goes on beyond the axis.
void draw_beyond(Svg& svg, double end, double middle, double direction) {
  for (double side : {-5.0, 5.0})
    svg.line(end, middle, end - direction * 6, middle + side, "whisker");
}

void draw_bar(Svg& svg, const AxisScale& x, double y, double height, const Bar& bar,
              bool more_is_better) {
  if (!std::isfinite(bar.value)) return;
  auto at = [&x](double value) { return x(std::clamp(value, x.low, x.high)); };
  const double zero = x(0), end = at(bar.value), middle = y + height / 2;
  const bool better = more_is_better ? bar.value > 0 : bar.value < 0;
  const std::string colour = better ? "better" : "worse";
  svg.rect(std::min(zero, end), y + 4, std::abs(end - zero), height - 8,
           bar.clear ? colour : colour + " unclear");
  const bool whiskers = std::isfinite(bar.low) && std::isfinite(bar.high);
  const double low = whiskers ? bar.low : bar.value, high = whiskers ? bar.high : bar.value;
  if (whiskers) svg.line(at(low), middle, at(high), middle, "whisker");
  for (double tip : {low, high}) {
    if (tip < x.low || tip > x.high)
      draw_beyond(svg, at(tip), middle, tip < x.low ? -1 : 1);
    else if (whiskers)
      svg.line(x(tip), middle - 4, x(tip), middle + 4, "whisker");
  }
}

constexpr double kFont = 12;

// A label's place.
struct Box {
  double x, y, width, height;
  bool meets(const Box& other) const {
    return x < other.x + other.width && other.x < x + width && y < other.y + other.height &&
           other.y < y + height;
  }
};

// Puts labels beside points where they meet neither points nor each other.
class Labels {
 public:
  explicit Labels(const Box& frame) : frame_(frame) {}
  void keep_clear(double x, double y) { taken_.push_back({x - 7, y - 7, 14, 14}); }

  void put(Svg& svg, double x, double y, const std::string& label) {
    const double width = text_width(label) + 2, height = kFont;
    for (double radius : {12.0, 19.0, 28.0, 39.0, 51.0}) {
      for (int turn = 0; turn < 12; ++turn) {
        const double angle = turn * std::acos(-1) / 6;
        const double cx = x + (radius + width / 4) * std::cos(angle),
                     cy = y - radius * std::sin(angle);
        const Box box{cx - width / 2, cy - height / 2, width, height};
        if (!free(box)) continue;
        if (radius > 13) svg.line(x, y, cx, cy, "leader");
        return place(svg, box, label);
      }
    }
    place(svg, {x + 6, y - height, width, height}, label);
  }

 private:
  bool free(const Box& box) const {
    if (box.x < frame_.x || box.y < frame_.y || box.x + box.width > frame_.x + frame_.width ||
        box.y + box.height > frame_.y + frame_.height)
      return false;
    return std::none_of(taken_.begin(), taken_.end(),
                        [&](const Box& other) { return box.meets(other); });
  }
  void place(Svg& svg, const Box& box, const std::string& label) {
    taken_.push_back(box);
    svg.rect(box.x, box.y, box.width, box.height, "backing");
    svg.text(box.x + box.width / 2, box.y + box.height - 2, label, "middle");
  }

  Box frame_;
  std::vector<Box> taken_;
};

// Values without those that lie more than kFar times as far from the median as half of them do:
// they would press the others together. Of a few values none is far.
std::vector<double> without_far(std::vector<double> values) {
  constexpr double kFar = 10;
  constexpr size_t kFew = 6;
  if (values.size() < kFew) return values;
  auto median = [](std::vector<double> of) {
    std::nth_element(of.begin(), of.begin() + std::ssize(of) / 2, of.end());
    return of[of.size() / 2];
  };
  const double middle = median(values);
  std::vector<double> distances;
  for (double value : values) distances.push_back(std::abs(value - middle));
  const double limit = kFar * median(distances);
  std::erase_if(values, [&](double value) { return std::abs(value - middle) > limit; });
  return values;
}

}  // namespace

std::string bar_chart(const ChartText& text, const std::vector<Bar>& bars, bool more_is_better) {
  constexpr double kRow = 24, kHeading = 26, kTop = 12, kWidth = 720;
  double left = 60, right = 60, rows = 0;
  std::string group;
  for (const Bar& bar : bars) {
    left = std::max(left, text_width(bar.label) + 24);
    right = std::max(right, text_width(bar.text) + 16);
    rows += kRow + (bar.group != group ? kHeading : 0);
    group = bar.group;
  }
  const auto [low, high] = extent(bars);
  const AxisScale x{low, high, left, kWidth - right};
  Svg svg(text.id, text.title, text.description, kWidth, kTop + rows + 50);
  const std::vector<double> ticks = round_ticks(low, high, 6);
  const double step = ticks.size() > 1 ? ticks[1] - ticks[0] : 1;
  for (double tick : ticks) {
    svg.line(x(tick), kTop, x(tick), kTop + rows, "grid");
    svg.text(x(tick), kTop + rows + 16, tick_text(tick, step), "middle small");
  }
  svg.line(x(0), kTop, x(0), kTop + rows, "zero");
  double y = kTop;
  group.clear();
  for (const Bar& bar : bars) {
    if (bar.group != group) {
      svg.rect(0, y + 6, text_width(bar.group) + 16, kHeading - 8, "backing");
      svg.text(4, y + kHeading - 8, bar.group, "start heading");
      y += kHeading;
      group = bar.group;
    }
    svg.text(left - 10, y + kRow / 2 + 4, bar.label, "end");
    draw_bar(svg, x, y, kRow, bar, more_is_better);
    svg.text(kWidth - right + 10, y + kRow / 2 + 4, bar.text, "start number");
    y += kRow;
  }
  svg.text((left + kWidth - right) / 2, kTop + rows + 36, text.x_label, "middle");
  return svg.done();
}

std::string scatter_chart(const ChartText& text, const std::vector<Point>& points) {
  constexpr double kWidth = 440, kHeight = 330, kLeft = 62, kRight = 14, kTop = 28, kBottom = 46;
  std::vector<double> xs, ys;
  for (const Point& point : points) {
    if (!std::isfinite(point.x) || !std::isfinite(point.y)) continue;
    xs.push_back(point.x);
    ys.push_back(point.y);
  }
  Svg svg(text.id, text.title, text.description, kWidth, kHeight);
  if (xs.empty()) {
    svg.text(kWidth / 2, kHeight / 2, "no run is done", "middle");
    return svg.done();
  }
  const AxisScale x = scale_over(xs, kLeft, kWidth - kRight, true);
  const AxisScale y = scale_over(without_far(ys), kHeight - kBottom, kTop, false);
  draw_axes(svg, x, y, text.x_label, text.y_label);
  Labels labels({kLeft, kTop, kWidth - kLeft - kRight, kHeight - kTop - kBottom});
  auto each = [&](const auto& act) {
    for (const Point& point : points)
      if (std::isfinite(point.x) && std::isfinite(point.y))
        act(point, x(point.x), y(std::clamp(point.y, y.low, y.high)));
  };
  each([&](const Point&, double px, double py) { labels.keep_clear(px, py); });
  each([&](const Point& point, double px, double py) { labels.put(svg, px, py, point.label); });
  each([&](const Point& point, double px, double py) {
    const bool beyond = point.y < y.low || point.y > y.high;
    svg.circle(px, py, point.full ? 5.5 : 4,
               point.full ? "point full"
               : beyond   ? "point beyond"
                          : "point",
               point.tip);
  });
  return svg.done();
}

}  // namespace ctr
