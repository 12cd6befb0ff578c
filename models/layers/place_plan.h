#pragma once
// A network over places of a sequence, written down step by step, so that one place can be computed
// by itself from what the convolutions saw before (models/layers/dilated_stream.h).

#include <cstdint>
#include <vector>

#include "engine/activation.h"
#include "models/layers/norm_layer.h"
#include "models/layers/patch.h"
#include "ops/conv1d/conv1d.h"

namespace ctr {

// Parameters of a convolution over places: weight [out, in, taps], bias [out].
struct ConvLayer {
  ConvLayer(const Scope& scope, int64_t width, int64_t taps, const Conv1dOptions& options);

  const Parameter& weight;
  const Parameter& bias;
  Conv1dOptions options;

  int64_t looks_back() const { return (weight.value.dim(2) - 1) * options.dilation; }
};

// Of one tap: weight [out, in], bias [out].
struct PlaceLayer {
  PlaceLayer(const Scope& scope, int64_t in, int64_t out);

  const Parameter& weight;
  const Parameter& bias;
};

// How a network is done on whole sequences: values are [B, T, width]. PlacePlan has the same names.
// Values may be those of the last places alone, as many as are read in the end.
struct OnTape {
  int64_t last;  // places of the result that are wanted; those of values are these or more

  // `behind`: how far back convolutions look that come after it, and read its result.
  Var convolve(const ConvLayer& layer, const Var& x, int64_t behind = 0) const;
  // x at the places that y has.
  Var beside(const Var& x, const Var& y) const;
  Var transform(const PlaceLayer& layer, const Var& x) const;
  // Beside `rest`: their sum.
  Var norm_relu(const NormLayer& layer, const Var& x, const Var& rest = {}) const {
    return layer.relu(x, rest);
  }
  Var patch(const Patch& patch, const Var& x) const { return patch(x); }
  Var sum(const Var& a, const Var& b) const;
};

// One step at a place: y of x.
struct PlaceStep {
  enum class Kind : uint8_t {
    product,    // activation(Σ_j W_j x[t − (K − 1 − j) D] + bias); K = 1 for a linear layer
    norm_relu,  // relu(γ (x − mean) / √(variance + ε) + β)
    sum         // x + other
  };
  Kind kind;
  int x, other, y;                    // slots; other = x but in sums
  int64_t width;                      // of y
  const Parameter* weight = nullptr;  // or γ
  const Parameter* bias = nullptr;    // or β
  int64_t taps = 1, dilation = 1;     // K, D
  Activation activation = Activation::identity;
  double epsilon = 0;
};

// Methods take and return numbers of values. Throws on a convolution that is not causal.
class PlacePlan {
 public:
  // Value 0 is what stands at the place.
  explicit PlacePlan(int64_t width) : widths_{width} {}

  int convolve(const ConvLayer& layer, int x, int64_t behind = 0);
  int beside(int x, int) const { return x; }
  int transform(const PlaceLayer& layer, int x);
  int norm_relu(const NormLayer& layer, int x);
  int norm_relu(const NormLayer& layer, int x, int rest) { return sum(rest, norm_relu(layer, x)); }
  int patch(const Patch& patch, int x);
  int sum(int a, int b);
  // A linear layer, weight [out, in].
  int linear(int x, const Parameter& weight, const Parameter& bias, Activation activation);

  // The value that is read in the end. Values then share slots: one that no later step reads leaves
  // its slot to others. The place stands in slot 0 at first.
  void finish(int value);
  const std::vector<PlaceStep>& steps() const { return steps_; }
  int slots() const { return slots_; }
  int result() const { return result_; }          // its slot
  int64_t in() const { return widths_.front(); }  // width of the place
  int64_t out() const { return out_; }            // of the result
  int64_t widest() const;                         // of all values

 private:
  int add(PlaceStep step);

  std::vector<PlaceStep> steps_;
  std::vector<int64_t> widths_;  // of the values
  int slots_ = 0, result_ = 0;
  int64_t out_ = 0;
};

}  // namespace ctr
