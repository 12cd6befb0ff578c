#pragma once
// Convolutions in f32 as products: what the taps of a place see, side by side, is a row of the left
// factor. Taps that never see a place (s_j ≥ T) are left out.

#include "engine/conv1d.h"

namespace ctr::rows {

// Sizes as ctr::conv1d_forward checks them, none 0.
void conv1d_forward(const Conv1d& c, const float* x, const float* w, const float* bias, float* y);
void conv1d_data(const Conv1d& c, const float* dy, const float* w, float* dx);
void conv1d_weight(const Conv1d& c, const float* x, const float* dy, float* dw);

}  // namespace ctr::rows
