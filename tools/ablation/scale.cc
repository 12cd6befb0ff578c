#include "tools/ablation/scale.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "tools/text_table.h"

namespace ctr {

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

double AxisScale::operator()(double value) const {
  const double share =
      logarithmic ? std::log(value / low) / std::log(high / low) : (value - low) / (high - low);
  return from + share * (to - from);
}

AxisScale scale_over(std::vector<double> values, double from, double to, bool may_be_logarithmic) {
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  AxisScale scale{*least, *most, from, to};
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

void draw_axes(Svg& svg, const AxisScale& x, const AxisScale& y, const std::string& x_label,
               const std::string& y_label) {
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
  svg.text((x.from + x.to) / 2, y.from + 36, x_label, "middle");
  svg.text(x.from, y.to - 8, y_label, "start");
}

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

double text_width(const std::string& text) {
  constexpr double kCharacter = 6.9;  // the widest mean width of a letter
  return kCharacter * static_cast<double>(character_count(text));
}

}  // namespace ctr
