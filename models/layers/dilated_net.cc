#include "models/layers/dilated_net.h"

#include <optional>

#include "engine/check.h"
#include "models/layers/norm_layer.h"
#include "models/layers/patch.h"
#include "ops/activation/activation.h"
#include "ops/conv1d/conv1d.h"
#include "ops/elementwise/elementwise.h"
#include "ops/linear/linear.h"
#include "ops/shaping/shaping.h"

namespace ctr {
namespace {

const Initializer kSmall = Initializer::truncated_normal(0.02);

class ConvLayer {
 public:
  ConvLayer(const Scope& scope, int64_t width, int64_t taps, const Conv1dOptions& options)
      : weight_(scope.parameter("weight", {width, width, taps}, kSmall)),
        bias_(scope.parameter("bias", {width}, Initializer::zeros())),
        options_(options) {}
  Var operator()(const Var& x) const { return conv1d(x, weight_, bias_, options_); }

 private:
  const Parameter& weight_;
  const Parameter& bias_;
  Conv1dOptions options_;
};

// A convolution of one tap: x [B, T, in] → [B, T, out].
class PlaceLayer {
 public:
  PlaceLayer(const Scope& scope, int64_t in, int64_t out)
      : weight_(scope.parameter("weight", {out, in}, kSmall)),
        bias_(scope.parameter("bias", {out}, Initializer::zeros())) {}
  Var operator()(const Var& x) const {
    const Var y = linear(reshape(x, {x.dim(0) * x.dim(1), x.dim(2)}), weight_, bias_);
    return reshape(y, {x.dim(0), x.dim(1), y.dim(1)});
  }

 private:
  const Parameter& weight_;
  const Parameter& bias_;
};

class BlockA : public DilatedBlock {
 public:
  BlockA(const DilatedScopes& s, int64_t width, int64_t dilation, const NextItNetOptions& o)
      : ln1_(s.backbone / "ln1", width, o.norm_epsilon),
        conv1_(s.backbone / "conv1", width, width / 2),
        ln2_(s.backbone / "ln2", width / 2, o.norm_epsilon),
        conv2_(s.backbone / "conv2", width / 2, o.kernel, {dilation, o.causal}),
        ln3_(s.trained / "ln3", width / 2, o.norm_epsilon),
        conv3_(s.backbone / "conv3", width / 2, width) {
    CTR_CHECK(width % 2 == 0,
              "nextitnet: block a halves the width, and {} is odd; set --embedding-dim", width);
  }

  Var operator()(const Var& x) const override {
    const Var narrow = conv1_(relu(ln1_(x)));  // [B, T, D/2]
    const Var u = conv2_(relu(ln2_(narrow)));  // [B, T, D/2]
    return x + conv3_(relu(ln3_(u)));          // [B, T, D]
  }

 private:
  NormLayer ln1_;
  PlaceLayer conv1_;
  NormLayer ln2_;
  ConvLayer conv2_;
  NormLayer ln3_;
  PlaceLayer conv3_;
};

class BlockB : public DilatedBlock {
 public:
  BlockB(const DilatedScopes& s, int64_t width, int64_t dilation, const NextItNetOptions& o,
         const PeterOptions* patches)
      : conv1_((s.last_convolutions > 1 ? s.last : s.backbone) / "conv1", width, o.kernel,
               {dilation, o.causal}),
        ln1_((s.last_convolutions > 1 ? s.last : s.backbone) / "ln1", width, o.norm_epsilon),
        conv2_((s.last_convolutions > 0 ? s.last : s.backbone) / "conv2", width, o.kernel,
               {2 * dilation, o.causal}),
        ln2_((s.last_convolutions > 0 ? s.last : s.trained) / "ln2", width, o.norm_epsilon),
        insertion_(patches == nullptr ? "none" : patches->insertion) {
    if (insertion_ != "none" && insertion_ != "serial1")
      mp1_.emplace(s.trained / "mp1", width, *patches);
    if (insertion_ == "serial1" || insertion_ == "serial2" || insertion_ == "parallel2")
      mp2_.emplace(s.trained / "mp2", width, *patches);
  }

  Var operator()(const Var& x) const override {
    Var y = conv1_(x);  // [B, T, D]
    if (insertion_ == "serial2") y = (*mp1_)(y);
    if (insertion_ == "parallel2") y = y + (*mp1_)(x);
    const Var u = relu(ln1_(y));  // [B, T, D]
    Var v = conv2_(u);            // [B, T, D]
    if (insertion_ == "serial1" || insertion_ == "serial2") v = (*mp2_)(v);
    if (insertion_ == "parallel2") v = v + (*mp2_)(u);
    const Var out = x + relu(ln2_(v));  // [B, T, D]
    return insertion_ == "beside_block" ? out + (*mp1_)(x) : out;
  }

 private:
  ConvLayer conv1_;
  NormLayer ln1_;
  ConvLayer conv2_;
  NormLayer ln2_;
  std::optional<Patch> mp1_, mp2_;
  std::string insertion_;
};

}  // namespace

DilatedNet::DilatedNet(const DilatedScopes& scopes, int64_t width, const NextItNetOptions& options,
                       const PeterOptions* patches) {
  CTR_CHECK(options.block == "b" || patches == nullptr,
            "peterrec: patches go into block b; set --next-block b");
  for (int64_t dilation : options.dilations) {
    const auto i = static_cast<int64_t>(blocks_.size());
    const int64_t behind = 2 * (std::ssize(options.dilations) - 1 - i);  // convolutions after these
    const DilatedScopes own{scopes.backbone / "block" / i, scopes.trained / "block" / i,
                            scopes.last / "block" / i, scopes.last_convolutions - behind};
    if (options.block == "a") {
      blocks_.push_back(std::make_unique<BlockA>(own, width, dilation, options));
    } else {
      blocks_.push_back(std::make_unique<BlockB>(own, width, dilation, options, patches));
    }
  }
}

Var DilatedNet::operator()(const Var& x) const {
  Var h = x;
  for (const auto& block : blocks_) h = (*block)(h);
  return h;
}

}  // namespace ctr
