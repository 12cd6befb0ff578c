#include "models/layers/edcn_layers.h"

#include "ops/activation/activation.h"
#include "ops/elementwise/elementwise.h"
#include "ops/linear/linear.h"
#include "ops/shaping/shaping.h"
#include "ops/softmax/softmax.h"

namespace ctr {

Regulation::Regulation(const Scope& scope, int64_t fields, int64_t width,
                       const ModelOptions& options)
    : scope_(scope),
      fields_(fields),
      width_(width),
      temperature_(options.edcn.temperature),
      cross_(make_side(scope / "cross", options)),
      deep_(make_side(scope / "deep", options)) {}

Regulation::Side Regulation::make_side(const Scope& scope, const ModelOptions& options) const {
  Side side;
  if (options.edcn.regulation)
    side.gate = &scope.parameter("gate", {fields_}, Initializer::constant(1));
  if (options.batch_norm) side.norm.emplace(scope / "bn", fields_ * width_);
  return side;
}

Var Regulation::regulated(const Side& side, const Var& x, const ColumnStatistics& of_x) const {
  if (side.gate == nullptr) return side.norm ? (*side.norm)(x) : x;
  const Var weights = softmax(scale(*side.gate, 1 / temperature_));  // [F]
  const Var ones(Tensor::full({1, width_}, x.dtype(), 1));
  const Var gate = matmul(reshape(weights, {fields_, 1}), ones);  // [F, D]
  const Var columns = reshape(gate, {fields_ * width_});          // [F D]
  return side.norm ? side.norm->gated(x, columns, of_x) : x * columns;
}

std::pair<Var, Var> Regulation::operator()(const Var& x) const {
  ColumnStatistics of_x;  // both sides normalise the same x
  if (cross_.norm && scope_.mode().training) of_x = column_statistics(x.value());
  return {regulated(cross_, x, of_x), regulated(deep_, x, of_x)};
}

Bridge::Bridge(const Scope& scope, int64_t width, const EdcnOptions& options)
    : kind_(options.bridge), shared_(options.attention == "shared") {
  if (kind_ == "concatenation") joined_.emplace(scope, 2 * width, width);
  if (kind_ != "attention_pooling") return;
  auto net = [&](const Scope& own) {
    return Net{LinearLayer(own / "hidden", width, width),
               &own.parameter("out", {width, width}, Initializer::xavier_normal(width, width))};
  };
  cross_.emplace(net(scope / "cross"));
  deep_.emplace(net(scope / "deep"));
}

Var Bridge::attended(const Net& net, const Var& x) const {
  return softmax(linear(net.hidden(x, Activation::relu), *net.out)) * x;
}

Var Bridge::operator()(const Var& c, const Var& h) const {
  if (kind_ == "hadamard") return c * h;
  if (kind_ == "addition") return c + h;
  if (kind_ == "concatenation") return relu((*joined_)({c, h}));
  return attended(*cross_, c) + attended(shared_ ? *cross_ : *deep_, h);
}

}  // namespace ctr
