#include "tools/ablation/chart.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "tools/ablation/svg.h"
#include "tools/text_table.h"

namespace ctr {
namespace {

// "0.002" for a step of 0.001; never "-0.000".
std::string tick_text(double value, double step) {
  const int digits = std::clamp(static_cast<int>(std::ceil(-std::log10(step) - 1e-9)), 0, 9);
  return fmt::format("{:.{}f}", std::abs(value) < step / 1e6 ? 0 : value, digits);
}

// "200k" for 200000.
std::string short_text(double value) {
  for (const auto& [unit, mark] : {std::pair{1e9, "G"}, {1e6, "M"}, {1e3, "k"}})
    if (value >= unit) return fmt::format("{:g}{}", value / unit, mark);
  return fmt::format("{:g}", value);
}

// From values to places of the picture.
struct Scale {
  double low, high, from, to;
  bool logarithmic = false;

  double operator()(double value) const {
    const double share =
        logarithmic ? std::log(value / low) / std::log(high / low) : (value - low) / (high - low);
    return from + share * (to - from);
  }
};

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

void draw_bar(Svg& svg, const Scale& x, double y, double height, const Bar& bar,
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

constexpr double kFont = 12, kCharacter = 6.9;  // the widest mean width of a letter at that size

double text_width(const std::string& text) {
  return kCharacter * static_cast<double>(character_count(text));
}

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

// Limits with some room; of a logarithmic axis by factors.
Scale scale_over(std::vector<double> values, double from, double to, bool may_be_logarithmic) {
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  Scale scale{*least, *most, from, to};
  scale.logarithmic = may_be_logarithmic && *least > 0 && *most >= 10 * *least;
  if (scale.logarithmic) {
    const double room = std::pow(*most / *least, 0.06);
    scale.low /= room;
    scale.high *= room;
    return scale;
  }
  const double span = *most - *least;
  const double room = span > 0 ? 0.08 * span : std::max(1e-4, 0.1 * std::abs(*most));
  scale.low -= room;
  scale.high += room;
  return scale;
}

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

void draw_axes(Svg& svg, const Scale& x, const Scale& y, const ChartText& text) {
  const std::vector<double> xs =
      x.logarithmic ? log_ticks(x.low, x.high) : round_ticks(x.low, x.high, 4);
  for (double tick : xs) {
    svg.line(x(tick), y.from, x(tick), y.to, "grid");
    svg.text(x(tick), y.from + 16, short_text(tick), "middle small");
  }
  const std::vector<double> ys = round_ticks(y.low, y.high, 5);
  const double step = ys.size() > 1 ? ys[1] - ys[0] : 1e-4;
  for (double tick : ys) {
    svg.line(x.from, y(tick), x.to, y(tick), "grid");
    svg.text(x.from - 6, y(tick) + 4, tick_text(tick, step), "end small");
  }
  svg.text((x.from + x.to) / 2, y.from + 36, text.x_label, "middle");
  svg.text(x.from, y.to - 8, text.y_label, "start");
}

}  // namespace

std::vector<double> round_ticks(double low, double high, int count) {
  const double rough = (high - low) / count;
  const double power = std::pow(10, std::floor(std::log10(rough)));
  double step = 10 * power;
  for (double factor : {5.0, 2.0, 1.0})
    if (factor * power >= rough * 0.999) step = factor * power;
  std::vector<double> ticks;
  for (double k = std::ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; ++k)
    ticks.push_back(k * step);
  return ticks;
}

std::vector<double> log_ticks(double low, double high) {
  const bool many = high > 1e3 * low;
  std::vector<double> ticks;
  for (double power = std::pow(10, std::floor(std::log10(low))); power <= high; power *= 10)
    for (double factor : {1.0, 2.0, 5.0})
      if (factor * power >= low && factor * power <= high && (factor == 1 || !many))
        ticks.push_back(factor * power);
  return ticks;
}

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
  const Scale x{low, high, left, kWidth - right};
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
  const Scale x = scale_over(xs, kLeft, kWidth - kRight, true);
  const Scale y = scale_over(without_far(ys), kHeight - kBottom, kTop, false);
  draw_axes(svg, x, y, text);
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
