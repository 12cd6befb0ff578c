#pragma once
// Axes of charts.

#include <string>
#include <vector>

#include "tools/ablation/svg.h"

namespace ctr {

// From values to places of the picture.
struct AxisScale {
  double low, high, from, to;
  bool logarithmic = false;

  double operator()(double value) const;
};

// Over the values, with some room; logarithmic, if it may be, where all are positive and the
// largest is at least ten times the least.
AxisScale scale_over(std::vector<double> values, double from, double to, bool may_be_logarithmic);

// Grid lines, numbers and the names of both axes.
void draw_axes(Svg& svg, const AxisScale& x, const AxisScale& y, const std::string& x_label,
               const std::string& y_label);

// Round numbers over [low, high], about `count` of them: steps of 1, 2 or 5 times a power of ten.
std::vector<double> round_ticks(double low, double high, int count);
// The same for a logarithmic axis: 1, 2 and 5 times powers of ten, or powers alone where those are
// many.
std::vector<double> log_ticks(double low, double high);

// "0.002" for a step of 0.001; never "-0.000".
std::string tick_text(double value, double step);
// "200k" for 200000.
std::string short_text(double value);
// Of the charts' letters.
double text_width(const std::string& text);

}  // namespace ctr
