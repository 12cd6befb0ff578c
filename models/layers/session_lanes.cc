#include "models/layers/session_lanes.h"

#include <algorithm>

#include "engine/check.h"

namespace ctr {
namespace {

struct Lane {
  int64_t row = 0, place = 0;
  bool idle = true, begins = false;
};

}  // namespace

std::vector<LaneStep> lane_steps(const Tensor& ids, int64_t lanes) {
  CTR_CHECK(lanes >= 1, "lanes: {} sequences side by side; there must be one at least", lanes);
  const int64_t rows = ids.dim(0), length = ids.dim(1);
  const int64_t* id = ids.data<int64_t>();
  std::vector<Lane> all(static_cast<size_t>(std::min(lanes, std::max<int64_t>(1, rows))));
  const auto count = std::ssize(all);
  int64_t next_row = 0;
  auto take = [&](Lane& lane) {
    for (lane.idle = true; lane.idle && next_row < rows; ++next_row) {
      const int64_t* row = id + next_row * length;
      const int64_t first = std::find_if(row, row + length, [](int64_t i) { return i != 0; }) - row;
      if (first + 1 < length) lane = {next_row, first, false, true};
    }
  };
  for (Lane& lane : all) take(lane);
  std::vector<LaneStep> steps;
  while (std::any_of(all.begin(), all.end(), [](const Lane& lane) { return !lane.idle; })) {
    LaneStep step{Tensor::zeros({count}, DType::i64), Tensor::zeros({count}, DType::i64),
                  Tensor::zeros({count}, DType::i64), Tensor::zeros({count}, DType::i64)};
    for (int64_t l = 0; l < count; ++l) {
      Lane& lane = all[static_cast<size_t>(l)];
      step.begins.data<int64_t>()[l] = lane.idle || lane.begins ? 1 : 0;
      step.row.data<int64_t>()[l] = lane.row;
      if (lane.idle) continue;
      const int64_t* at = id + lane.row * length + lane.place;
      step.ids.data<int64_t>()[l] = at[0];
      step.next.data<int64_t>()[l] = at[1];
      lane.begins = false;
      if (++lane.place + 1 == length) take(lane);
    }
    steps.push_back(std::move(step));
  }
  return steps;
}

}  // namespace ctr
