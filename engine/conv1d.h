#pragma once
// One-dimensional convolutions over sequences, stride 1, as long as their input:
//   y[b, t, o] = bias[o] + Σ_j Σ_c w[o, c, j] x[b, t − s_j, c],   x = 0 outside [0, T)
// for x [B, T, I], w [O, I, K] (tap K − 1 is the newest) and y [B, T, O], row-major. Causal:
// s_j = (K − 1 − j) D, a place sees itself and earlier ones; else s_j = ((K − 1) / 2 − j) D.
// A causal one may leave out the first S places of y, which is [B, T − S, O] then, for what is read
// at later places alone; with S = (K − 1) D no zero is seen.
//
// In f64 these are textbook loops. In f32 there are three ways, which agree within rounding: the
// rows that the taps see side by side as one product (conv1d_rows.h), oneDNN's convolution
// (onednn/conv1d.h), and minimal filtering (conv1d_winograd.h). The shape alone decides
// (conv1d_way), by a rule that was measured beforehand: measured as it runs, the choice and with it
// the last bits would depend on the machine's load. Each way gives the same bits for any number of
// threads.

#include <cstdint>

#include "engine/device.h"

namespace ctr {

struct Conv1d {
  int64_t batch, length, in, out;  // B, T, I, O
  int64_t taps, dilation;          // K, D
  bool causal;
  int64_t skipped = 0;  // S

  int64_t places() const { return length - skipped; }  // of y
  // How far back tap j looks, from place t of y to place t − shift of x; negative: ahead.
  int64_t shift(int64_t tap) const {
    return (causal ? taps - 1 - tap : (taps - 1) / 2 - tap) * dilation - skipped;
  }
  // Whether it ever sees a place.
  bool reaches(int64_t tap) const { return shift(tap) < places() && -shift(tap) < length; }
  int64_t rows() const { return batch * length; }        // of x
  int64_t rows_out() const { return batch * places(); }  // of y
};

enum class Conv1dPart : uint8_t { forward, data, weight };
enum class Conv1dWay : uint8_t { rows, library, winograd };
Conv1dWay conv1d_way(const Conv1d& c, Conv1dPart part);

// Throw ctr::Error when a size is negative, there is no tap, no dilation, an even number of taps is
// to lie around a place, or S is more than T or (K − 1) D. `bias` [O] may be null.
void conv1d_forward(Device device, const Conv1d& c, const float* x, const float* w,
                    const float* bias, float* y);
void conv1d_forward(Device device, const Conv1d& c, const double* x, const double* w,
                    const double* bias, double* y);
// dx[b, t, c] = Σ_j Σ_o w[o, c, j] dy[b, t + s_j, o], dy = 0 where it is left out or beyond the end
void conv1d_data(Device device, const Conv1d& c, const float* dy, const float* w, float* dx);
void conv1d_data(Device device, const Conv1d& c, const double* dy, const double* w, double* dx);
// dw[o, c, j] = Σ_b Σ_t dy[b, t, o] x[b, t − s_j, c]
void conv1d_weight(Device device, const Conv1d& c, const float* x, const float* dy, float* dw);
void conv1d_weight(Device device, const Conv1d& c, const double* x, const double* dy, double* dw);

}  // namespace ctr
