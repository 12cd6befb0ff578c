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
};

// Points whose y is not finite are left out. `reference` stands in grey behind every panel's own
// lines. x is logarithmic where all are positive and the largest is at least ten times the least.
// `columns` panels stand in a row.
std::string panel_chart(const ChartText& text, const std::vector<Line>& reference,
                        const std::vector<Panel>& panels, int64_t columns);

}  // namespace ctr
