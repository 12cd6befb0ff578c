#pragma once
// Scratch memory of the threads that run the tasks of one loop.

#include <omp.h>

#include <algorithm>
#include <cstdint>

#include "engine/tensor.h"

namespace ctr {

// Made before the loop for every thread, so that no allocation depends on which thread runs which
// task.
template <class T>
class ThreadScratch {
 public:
  // `count` numbers for each thread.
  explicit ThreadScratch(int64_t count)
      : stride_((count + 15) / 16 * 16),
        all_({std::max(omp_get_max_threads(), omp_get_thread_num() + 1), stride_}, dtype_of<T>()),
        first_(all_.data<T>()) {}

  // Those of the calling thread.
  T* mine() const { return first_ + omp_get_thread_num() * stride_; }

 private:
  int64_t stride_;
  Tensor all_;
  T* first_;
};

}  // namespace ctr
