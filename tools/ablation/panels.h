#pragma once
// Lines in panels of one size, side by side, with the same axes: one panel for each variant.

#include <string>
#include <vector>

#include "tools/ablation/chart.h"

namespace ctr {

struct LinePoint {
  double x = 0, y = 0;
  double low = 0, high = 0;  // whiskers; NaN: none
};
using Line = std::vector<LinePoint>;  // x rises

struct Panel {
  std::string title;
  std::vector<Line> lines;
  std::vector<Line> reference = {};  // in grey behind them
};

// Points whose y is not finite are left out. x may be logarithmic: it is where all are positive and
// the largest is at least ten times the least.
std::string panel_chart(const ChartText& text, const std::vector<Panel>& panels,
                        bool may_be_logarithmic);

}  // namespace ctr
