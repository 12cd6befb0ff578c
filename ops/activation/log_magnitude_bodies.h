#pragma once
// y = log max(|x|, floor)

#include "engine/kernel.h"
#include "engine/math.h"

namespace ctr {

template <class T>
struct LogMagnitude {
  static constexpr const char* kName = "log_magnitude";
  const T* x;
  T* y;
  T floor;
  CTR_HD void operator()(int64_t i) const {
    const T magnitude = x[i] < T(0) ? -x[i] : x[i];
    y[i] = math::log(math::max_of(magnitude, floor));
  }
};
CTR_KERNEL(for_each, LogMagnitude);

template <class T>
struct LogMagnitudeBackward {
  static constexpr const char* kName = "log_magnitude backward";
  const T* x;
  const T* dy;
  T* dx;
  T floor;
  CTR_HD void operator()(int64_t i) const {
    const T magnitude = x[i] < T(0) ? -x[i] : x[i];
    const T slope = dy[i] / (magnitude < floor ? T(1) : x[i]);
    dx[i] = magnitude < floor ? T(0) : slope;
  }
};
CTR_KERNEL(for_each, LogMagnitudeBackward);

}  // namespace ctr
