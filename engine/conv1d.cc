#include "engine/conv1d.h"

#include <algorithm>
#include <type_traits>

#include "engine/check.h"
#include "engine/conv1d_rows.h"
#include "engine/conv1d_winograd.h"
#include "engine/onednn/conv1d.h"
#include "engine/profile.h"
#include "engine/reference_conv1d.h"

namespace ctr {
namespace {

void check(Device device, const Conv1d& c) {
  if (device != Device::cpu) {
    fail(ErrorKind::device, "conv1d: this build has no convolutions on device {}", name_of(device));
  }
  CTR_CHECK(
      c.batch >= 0 && c.length >= 0 && c.in >= 0 && c.out >= 0 && c.taps >= 1 && c.dilation >= 1,
      "conv1d: [{},{},{}] to {} channels by {} taps {} apart is no convolution", c.batch, c.length,
      c.in, c.out, c.taps, c.dilation);
  CTR_CHECK(c.causal || c.taps % 2 == 1,
            "conv1d: {} taps have none in the middle; an odd number lies around a place, or make "
            "it causal",
            c.taps);
  CTR_CHECK(c.skipped == 0 || (c.causal && c.skipped > 0 && c.skipped <= c.length &&
                               c.skipped <= (c.taps - 1) * c.dilation),
            "conv1d: {} of {} places cannot be left out by {} taps {} apart", c.skipped, c.length,
            c.taps, c.dilation);
}

// Of a sequence, pairs of a place and one that a tap sees there.
int64_t seen(const Conv1d& c) {
  int64_t count = 0;
  for (int64_t j = 0; j < c.taps; ++j) {
    const int64_t last = std::min(c.places(), c.length + c.shift(j));
    count += std::max<int64_t>(0, last - std::max<int64_t>(0, c.shift(j)));
  }
  return count;
}

bool empty(const Conv1d& c) { return c.rows_out() == 0 || c.in == 0 || c.out == 0; }

// Of the products that the way makes: those of the taps' rows, or fewer.
template <class T>
Product product_of(const Conv1d& c, Conv1dPart part) {
  if (std::is_same_v<T, float> && conv1d_way(c, part) == Conv1dWay::winograd) {
    const int64_t rows = winograd::products(c, part);
    if (part == Conv1dPart::forward) return {rows, c.out, c.in, 1, false, false};
    if (part == Conv1dPart::data) return {rows, c.in, c.out, 1, false, false};
    return {c.out, c.in, rows / 4, 4, true, false};
  }
  int64_t taps = 0;
  for (int64_t j = 0; j < c.taps; ++j) taps += c.reaches(j) ? 1 : 0;
  if (part == Conv1dPart::forward) return {c.rows_out(), c.out, taps * c.in, 1, false, true};
  if (part == Conv1dPart::data) return {c.rows_out(), c.in, taps * c.out, 1, false, false};
  return {c.out, taps * c.in, c.rows_out(), 1, true, false};
}

// The one of three that goes this way.
template <class F>
F* by_way(Conv1dWay way, F* rows, F* library, F* winograd) {
  if (way == Conv1dWay::rows) return rows;
  return way == Conv1dWay::library ? library : winograd;
}

template <class T>
void forward(Device device, const Conv1d& c, const T* x, const T* w, const T* bias, T* y) {
  check(device, c);
  if (c.rows_out() == 0 || c.out == 0) return;
  const MeasuredProduct measured(product_of<T>(c, Conv1dPart::forward));
  if constexpr (std::is_same_v<T, float>) {
    if (!empty(c)) {
      return by_way(conv1d_way(c, Conv1dPart::forward), rows::conv1d_forward,
                    onednn::conv1d_forward, winograd::conv1d_forward)(c, x, w, bias, y);
    }
  }
  reference::conv1d_forward(c, x, w, bias, y);
}

template <class T>
void data(Device device, const Conv1d& c, const T* dy, const T* w, T* dx) {
  check(device, c);
  if (c.rows() == 0 || c.in == 0) return;
  const MeasuredProduct measured(product_of<T>(c, Conv1dPart::data));
  if constexpr (std::is_same_v<T, float>) {
    if (!empty(c)) {
      return by_way(conv1d_way(c, Conv1dPart::data), rows::conv1d_data, onednn::conv1d_data,
                    winograd::conv1d_data)(c, dy, w, dx);
    }
  }
  reference::conv1d_data(c, dy, w, dx);
}

template <class T>
void weight(Device device, const Conv1d& c, const T* x, const T* dy, T* dw) {
  check(device, c);
  if (c.out == 0 || c.in == 0) return;
  const MeasuredProduct measured(product_of<T>(c, Conv1dPart::weight));
  if constexpr (std::is_same_v<T, float>) {
    if (!empty(c)) {
      return by_way(conv1d_way(c, Conv1dPart::weight), rows::conv1d_weight, onednn::conv1d_weight,
                    winograd::conv1d_weight)(c, x, dy, dw);
    }
  }
  reference::conv1d_weight(c, x, dy, dw);
}

}  // namespace

// Measured with oneDNN 2.6 on AVX2, one thread, 3 taps, 8 to 256 channels, T of 9 to 100, D of 1 to
// 8 (docs/performance.md). Narrow and short ones lose to the library's start; its data gradient
// falls back to a slow kernel when a tap looks back further than the sequence is long. Filtering
// needs wide channels, or its additions cost what its products save (measured on AVX-512 too), and
// few products beside those of the taps that see a place.
Conv1dWay conv1d_way(const Conv1d& c, Conv1dPart part) {
  constexpr int64_t kWide = 128, kManyRows = 1024;
  if (c.taps == 3 && std::min(c.in, c.out) >= kWide && c.rows_out() >= kManyRows &&
      20 * winograd::products(c, part) <= 17 * c.batch * seen(c))
    return Conv1dWay::winograd;
  bool library = false;
  if (part == Conv1dPart::forward) {
    library = std::max(c.in, c.out) >= 32 || c.length >= 32;
  } else if (part == Conv1dPart::data) {
    library = c.reaches(0) && c.reaches(c.taps - 1);
  } else {
    library = c.in * c.out < 64 * 64 && c.length >= 16;
  }
  return library ? Conv1dWay::library : Conv1dWay::rows;
}

void conv1d_forward(Device device, const Conv1d& c, const float* x, const float* w,
                    const float* bias, float* y) {
  forward(device, c, x, w, bias, y);
}
void conv1d_forward(Device device, const Conv1d& c, const double* x, const double* w,
                    const double* bias, double* y) {
  forward(device, c, x, w, bias, y);
}
void conv1d_data(Device device, const Conv1d& c, const float* dy, const float* w, float* dx) {
  data(device, c, dy, w, dx);
}
void conv1d_data(Device device, const Conv1d& c, const double* dy, const double* w, double* dx) {
  data(device, c, dy, w, dx);
}
void conv1d_weight(Device device, const Conv1d& c, const float* x, const float* dy, float* dw) {
  weight(device, c, x, dy, dw);
}
void conv1d_weight(Device device, const Conv1d& c, const double* x, const double* dy, double* dw) {
  weight(device, c, x, dy, dw);
}

}  // namespace ctr
