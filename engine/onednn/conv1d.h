#pragma once
// Convolutions in f32 by oneDNN's. The batch is cut into blocks by the shape alone; each block is
// one single-threaded primitive, created once per thread and shape. Weight gradients of the blocks
// are added in their order.

#include "engine/conv1d.h"

namespace ctr::onednn {

// Sizes as ctr::conv1d_forward checks them, none 0.
void conv1d_forward(const Conv1d& c, const float* x, const float* w, const float* bias, float* y);
void conv1d_data(const Conv1d& c, const float* dy, const float* w, float* dx);
void conv1d_weight(const Conv1d& c, const float* x, const float* dy, float* dw);

}  // namespace ctr::onednn
