#pragma once
// Convolutions of three taps in f32 by minimal filtering, F(2, 3) (Winograd: Arithmetic Complexity
// of Computations, 1980; Lavin, Gray: Fast Algorithms for Convolutional Neural Networks, CVPR
// 2016): two places of y, D apart, come of four products of channels where their taps make six.
// With d_0 … d_3 what is seen, D apart, and W_0, W_1, W_2 the taps, oldest first,
//   m_0 = W_0 (d_0 − d_2)      m_1 = ½ (W_0 + W_1 + W_2) (d_1 + d_2)
//   m_3 = W_2 (d_1 − d_3)      m_2 = ½ (W_0 − W_1 + W_2) (d_2 − d_1)
//   y_t = m_0 + m_1 + m_2      y_{t+D} = m_1 − m_2 − m_3
// The data gradient is such a convolution of dy; the weight gradient is the adjoint by W.

#include "engine/conv1d.h"

namespace ctr::winograd {

// Products of channels that all sequences take together: 4 for two places, or for one without a
// fellow.
int64_t products(const Conv1d& c, Conv1dPart part);

// Sizes as ctr::conv1d_forward checks them, none 0, three taps.
void conv1d_forward(const Conv1d& c, const float* x, const float* w, const float* bias, float* y);
void conv1d_data(const Conv1d& c, const float* dy, const float* w, float* dx);
void conv1d_weight(const Conv1d& c, const float* x, const float* dy, float* dw);

}  // namespace ctr::winograd
