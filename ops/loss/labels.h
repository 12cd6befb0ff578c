#pragma once

#include "engine/check.h"
#include "engine/tensor.h"

namespace ctr {

// Throws kind data, naming the row, unless every label lies in [0, 1]. `op` begins the message.
template <class T>
void check_labels(const char* op, const Tensor& label) {
  const T* data = label.data<T>();
  for (int64_t i = 0; i < label.count(); ++i) {
    CTR_CHECK_DATA(data[i] >= T(0) && data[i] <= T(1), "{}: label {} of row {} is outside [0, 1]",
                   op, data[i], i);
  }
}

}  // namespace ctr
