#pragma once
// Charts as inline SVG: no scripts, colours by the classes that the page's style sheet has
// (html.cc), a title and a description for readers that do not see.

#include <string>
#include <vector>

namespace ctr {

struct ChartText {
  std::string id;  // distinct on the page
  std::string title, description;
  std::string x_label, y_label;
};

struct Bar {
  std::string group;  // bars of one group follow each other below its name
  std::string label;
  double value = 0;          // NaN: there is none
  double low = 0, high = 0;  // whiskers; NaN: none
  bool clear = false;        // the whiskers leave 0 out
  std::string text;          // at the right
};
// Horizontal bars from 0 with whiskers. `more_is_better` colours them. One that goes much farther
// than the others is cut, with an arrow.
std::string bar_chart(const ChartText& text, const std::vector<Bar>& bars, bool more_is_better);

struct Point {
  std::string label;  // a number: beside the point
  std::string tip;    // the whole story, shown where a pointer rests
  double x = 0, y = 0;
  bool full = false;  // of the full model
};
// Points that are not finite are left out; one whose y lies far from the others' is a hollow point
// at the edge. x is logarithmic where all are positive and the largest
// is at least ten times the least.
std::string scatter_chart(const ChartText& text, const std::vector<Point>& points);

}  // namespace ctr
