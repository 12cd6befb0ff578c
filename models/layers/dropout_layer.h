#pragma once

#include "autograd/tape.h"
#include "ops/elementwise/elementwise.h"

namespace ctr {

// Dropout in training alone. What is dropped is a function of the seed, the step and the scope's
// path, whatever else draws.
class DropoutLayer {
 public:
  DropoutLayer(const Scope& scope, double rate)
      : scope_(scope), rate_(rate), stream_(stream_of(scope.path())) {}

  // `use` tells apart several uses at one place.
  Var operator()(const Var& x, uint64_t use = 0) const {
    const Mode& mode = scope_.mode();
    return mode.training ? dropout(x, rate_, {mode.seed, stream_ + use, mode.step}) : x;
  }

 private:
  Scope scope_;
  double rate_;
  uint64_t stream_;
};

}  // namespace ctr
