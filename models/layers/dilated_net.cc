#include "models/layers/dilated_net.h"

#include <algorithm>
#include <optional>

#include "engine/check.h"
#include "models/layers/patch.h"

namespace ctr {
namespace {

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

  Var operator()(const Var& x, int64_t places) const override { return run(OnTape{places}, x); }
  int plan(PlacePlan& plan, int x) const override { return run(plan, x); }
  int64_t looks_back() const override { return conv2_.looks_back(); }

 private:
  template <class Way, class V>
  V run(Way&& way, const V& x) const {
    const V narrow = way.transform(conv1_, way.norm_relu(ln1_, x));  // [B, T, D/2]
    const V u = way.convolve(conv2_, way.norm_relu(ln2_, narrow));   // [B, T, D/2]
    const V y = way.transform(conv3_, way.norm_relu(ln3_, u));       // [B, T, D]
    return way.sum(way.beside(x, y), y);
  }

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

  Var operator()(const Var& x, int64_t places) const override { return run(OnTape{places}, x); }
  int plan(PlacePlan& plan, int x) const override { return run(plan, x); }
  int64_t looks_back() const override { return conv1_.looks_back() + conv2_.looks_back(); }

 private:
  template <class Way, class V>
  V run(Way&& way, const V& x) const {
    V y = way.convolve(conv1_, x, conv2_.looks_back());  // [B, T, D]
    if (insertion_ == "serial2") y = way.patch(*mp1_, y);
    if (insertion_ == "parallel2") y = way.sum(y, way.patch(*mp1_, way.beside(x, y)));
    const V u = way.norm_relu(ln1_, y);  // [B, T, D]
    V v = way.convolve(conv2_, u);       // [B, T, D]
    if (insertion_ == "serial1" || insertion_ == "serial2") v = way.patch(*mp2_, v);
    if (insertion_ == "parallel2") v = way.sum(v, way.patch(*mp2_, way.beside(u, v)));
    const V rest = way.beside(x, v);
    const V out = way.norm_relu(ln2_, v, rest);  // rest + …, [B, T, D]
    return insertion_ == "beside_block" ? way.sum(out, way.patch(*mp1_, rest)) : out;
  }

  ConvLayer conv1_;
  NormLayer ln1_;
  ConvLayer conv2_;
  NormLayer ln2_;
  std::optional<Patch> mp1_, mp2_;
  std::string insertion_;
};

}  // namespace

DilatedNet::DilatedNet(const DilatedScopes& scopes, int64_t width, const NextItNetOptions& options,
                       const PeterOptions* patches)
    : scope_(scopes.trained), width_(width), causal_(options.causal) {
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

Var DilatedNet::operator()(const Var& x, int64_t places) const {
  const int64_t length = x.dim(1);
  if (!causal_ || places <= 0) places = length;
  std::vector<int64_t> wanted(blocks_.size());  // last places of each block's result
  int64_t last = std::min(places, length);
  for (size_t i = blocks_.size(); i-- > 0; last = std::min(length, last + blocks_[i]->looks_back()))
    wanted[i] = last;
  Var h = x;
  for (size_t i = 0; i < blocks_.size(); ++i) h = (*blocks_[i])(h, wanted[i]);
  return h;
}

PlacePlan DilatedNet::plan() const {
  PlacePlan plan(width_);
  int h = 0;
  for (const auto& block : blocks_) h = block->plan(plan, h);
  plan.finish(h);
  return plan;
}

}  // namespace ctr
