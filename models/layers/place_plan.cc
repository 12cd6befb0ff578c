#include "models/layers/place_plan.h"

#include <algorithm>

#include "engine/check.h"
#include "ops/elementwise/elementwise.h"
#include "ops/linear/linear.h"
#include "ops/shaping/shaping.h"

namespace ctr {
namespace {

const Initializer kSmall = Initializer::truncated_normal(0.02);

}  // namespace

ConvLayer::ConvLayer(const Scope& scope, int64_t width, int64_t taps, const Conv1dOptions& options)
    : weight(scope.parameter("weight", {width, width, taps}, kSmall)),
      bias(scope.parameter("bias", {width}, Initializer::zeros())),
      options(options) {}

PlaceLayer::PlaceLayer(const Scope& scope, int64_t in, int64_t out)
    : weight(scope.parameter("weight", {out, in}, kSmall)),
      bias(scope.parameter("bias", {out}, Initializer::zeros())) {}

Var OnTape::convolve(const ConvLayer& layer, const Var& x, int64_t behind) const {
  const int64_t places = std::min(x.dim(1), last + behind);
  const Var seen = tail(x, std::min(x.dim(1), places + layer.looks_back()), 1);
  Conv1dOptions options = layer.options;
  options.skipped = seen.dim(1) - places;
  return conv1d(seen, layer.weight, layer.bias, options);
}

Var OnTape::beside(const Var& x, const Var& y) const { return tail(x, y.dim(1), 1); }

Var OnTape::transform(const PlaceLayer& layer, const Var& x) const {
  const Var flat = reshape(x, {x.dim(0) * x.dim(1), x.dim(2)});
  const Var y = ctr::linear(flat, layer.weight, layer.bias);
  return reshape(y, {x.dim(0), x.dim(1), y.dim(1)});
}

Var OnTape::sum(const Var& a, const Var& b) const { return a + b; }

int PlacePlan::add(PlaceStep step) {
  step.y = static_cast<int>(widths_.size());
  widths_.push_back(step.width);
  steps_.push_back(step);
  return step.y;
}

int PlacePlan::convolve(const ConvLayer& layer, int x, int64_t) {
  CTR_CHECK(layer.options.causal,
            "stream: a network that is not causal reads every place anew when an item comes; train "
            "it with --next-causal true");
  return add({PlaceStep::Kind::product, x, x, 0, layer.weight.value.dim(0), &layer.weight,
              &layer.bias, layer.weight.value.dim(2), layer.options.dilation});
}

int PlacePlan::linear(int x, const Parameter& weight, const Parameter& bias,
                      Activation activation) {
  return add(
      {PlaceStep::Kind::product, x, x, 0, weight.value.dim(0), &weight, &bias, 1, 1, activation});
}

int PlacePlan::transform(const PlaceLayer& layer, int x) {
  return linear(x, layer.weight, layer.bias, Activation::identity);
}

int PlacePlan::norm_relu(const NormLayer& layer, int x) {
  return add({PlaceStep::Kind::norm_relu, x, x, 0, widths_[static_cast<size_t>(x)], &layer.gamma(),
              &layer.beta(), 1, 1, Activation::identity, layer.epsilon()});
}

int PlacePlan::patch(const Patch& patch, int x) { return patch.run(*this, x); }

int PlacePlan::sum(int a, int b) {
  return add({PlaceStep::Kind::sum, a, b, 0, widths_[static_cast<size_t>(a)]});
}

void PlacePlan::finish(int value) {
  std::vector<size_t> last(widths_.size(), 0);  // the step that reads a value last
  for (size_t s = 0; s < steps_.size(); ++s)
    for (int read : {steps_[s].x, steps_[s].other}) last[static_cast<size_t>(read)] = s;
  last[static_cast<size_t>(value)] = steps_.size();
  std::vector<int> slot(widths_.size(), 0), free;
  slots_ = 1;
  for (size_t s = 0; s < steps_.size(); ++s) {
    PlaceStep& step = steps_[s];
    const int x = step.x, other = step.other;
    auto give_back = [&] {
      if (last[static_cast<size_t>(x)] == s) free.push_back(slot[static_cast<size_t>(x)]);
      if (other != x && last[static_cast<size_t>(other)] == s)
        free.push_back(slot[static_cast<size_t>(other)]);
    };
    const bool in_place = step.kind != PlaceStep::Kind::product;
    if (in_place) give_back();
    if (free.empty()) free.push_back(slots_++);
    slot[static_cast<size_t>(step.y)] = free.back();
    free.pop_back();
    if (!in_place) give_back();
    step.x = slot[static_cast<size_t>(x)];
    step.other = slot[static_cast<size_t>(other)];
    step.y = slot[static_cast<size_t>(step.y)];
  }
  result_ = slot[static_cast<size_t>(value)];
  out_ = widths_[static_cast<size_t>(value)];
}

int64_t PlacePlan::widest() const { return *std::max_element(widths_.begin(), widths_.end()); }

}  // namespace ctr
