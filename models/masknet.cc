// MaskNet (Wang, She, Zhang, DLP-KDD 2021).   v = [v_1 … v_F],  v̂ = [LN(v_1) … LN(v_F)]
//   block(x) = act(LN(W (mask ⊙ x))),  mask = W_2 relu(W_1 v + c_1) + c_2
//   serial     x_0 = v̂,  x_l = block_l(x_{l−1}),  logit = w · x_L + b
//   parallel   logit = MLP([block_1(v̂) … block_n(v̂)])

#include "engine/check.h"
#include "engine/rng.h"
#include "models/model.h"
#include "models/tower.h"
#include "ops/elementwise/elementwise.h"
#include "ops/linear/linear.h"
#include "ops/norm/norm.h"
#include "ops/shaping/shaping.h"

namespace ctr {
namespace {

// Affine of a layer norm: parameters `weight` (ones) and `bias` (zeros).
struct Affine {
  Affine(const Scope& scope, int64_t width)
      : gamma(&scope.parameter("weight", {width}, Initializer::constant(1))),
        beta(&scope.parameter("bias", {width}, Initializer::zeros())) {}
  const Parameter* gamma;
  const Parameter* beta;
};

class MaskBlock {
 public:
  MaskBlock(const Scope& scope, int64_t features, int64_t in, int64_t out,
            const ModelOptions& options)
      : scope_(scope),
        dropout_(options.dropout),
        squeeze_(scope / "mask" / 0, features, hidden_of(in, options.mask.ratio)),
        expand_(scope / "mask" / 1, hidden_of(in, options.mask.ratio), in),
        weight_(&scope.parameter("weight", {out, in}, Initializer::xavier_normal(in, out))),
        activation_(scope, options.activation, out) {
    if (options.mask.block_norm) norm_ = std::make_unique<Affine>(scope / "norm", out);
  }

  // v [B, features], x [B, in] → [B, out]
  Var operator()(const Var& v, const Var& x) const {
    const Var mask = expand_(squeeze_(v, Activation::relu));  // W_2 relu(W_1 v + c_1) + c_2
    Var y = linear(mask * x, *weight_);                       // W (mask ⊙ x)
    if (norm_) y = layer_norm(y, *norm_->gamma, *norm_->beta);
    y = activation_(y);
    const Mode& mode = scope_.mode();
    const uint64_t stream = stream_of(scope_.path().data(), scope_.path().size());
    return mode.training ? dropout(y, dropout_, {mode.seed, stream, mode.step}) : y;
  }

 private:
  static int64_t hidden_of(int64_t in, double ratio) {
    const auto width = static_cast<int64_t>(static_cast<double>(in) * ratio);
    CTR_CHECK(width > 0, "masknet: a mask on {} inputs gets no hidden unit; raise --mask-ratio",
              in);
    return width;
  }

  Scope scope_;
  double dropout_;
  LinearLayer squeeze_, expand_;
  const Parameter* weight_;
  std::unique_ptr<Affine> norm_;
  ActivationLayer activation_;
};

class MaskNet : public Model {
 public:
  MaskNet(const Scope& scope, const ModelContext& context) : tower_(scope, context) {
    const ModelOptions& options = context.options;
    const int64_t f = tower_.embedding().count(), k = tower_.embedding().vector_width();
    const Scope blocks = scope / "block";
    for (int64_t i = 0; i < f && options.mask.field_norm; ++i)
      field_norms_.emplace_back(scope / "field_norm" / i, k);
    if (options.mask.structure == "parallel") {
      for (int64_t i = 0; i < options.mask.blocks; ++i)
        blocks_.emplace_back(blocks / i, f * k, f * k, options.mask.block_units, options);
      MlpOptions shape = mlp_options(options);
      shape.batch_norm = false;
      mlp_ =
          std::make_unique<Mlp>(tower_.mlp(options.mask.blocks * options.mask.block_units, shape));
      return;
    }
    int64_t width = f * k;
    for (size_t l = 0; l < options.hidden_units.size(); ++l) {
      blocks_.emplace_back(blocks / static_cast<int64_t>(l), f * k, width, options.hidden_units[l],
                           options);
      width = options.hidden_units[l];
    }
    head_ = std::make_unique<LinearLayer>(scope / "head", width, 1);
  }

  Var logit(const Batch& batch) const override {
    Var v = flatten(tower_.embedding().fields(batch));  // [v_1 … v_F]          [B, D]
    Var x = normalised(v);                              // [LN(v_1) … LN(v_F)]  [B, D]
    if (!mlp_) {
      for (const MaskBlock& block : blocks_) x = block(v, x);  // x_l            [B, H_l]
      return (*head_)(x);                                      // w · x_L + b    [B, 1]
    }
    std::vector<Var> side_by_side;
    for (const MaskBlock& block : blocks_) side_by_side.push_back(block(v, x));
    return (*mlp_)(concat(side_by_side), batch);
  }

 private:
  Var normalised(const Var& v) const {
    if (field_norms_.empty()) return v;
    std::vector<Var> gamma, beta;
    for (const Affine& affine : field_norms_) {
      gamma.emplace_back(*affine.gamma);
      beta.emplace_back(*affine.beta);
    }
    return layer_norm(v, concat(gamma), concat(beta), 1e-5,
                      static_cast<int64_t>(field_norms_.size()));
  }

  Tower tower_;
  std::vector<Affine> field_norms_;
  std::vector<MaskBlock> blocks_;
  std::unique_ptr<Mlp> mlp_;
  std::unique_ptr<LinearLayer> head_;
};

PeerNames peer() {
  const std::string block = R"(mask_net\.mask_blocks\.(\d+)\.)";
  return {.model = "MaskNet",
          .options = {{"model_type",
                       {"mask_structure",
                        {{"serialmasknet", "serial"}, {"parallelmasknet", "parallel"}}}},
                      {"parallel_num_blocks", {"mask_blocks"}},
                      {"parallel_block_dim", {"mask_block_units"}},
                      {"reduction_ratio", {"mask_ratio"}},
                      {"emb_layernorm", {"mask_field_norm"}},
                      {"net_layernorm", {"mask_block_norm"}}},
          .mlps = {{R"(mask_net\.dnn)", "mlp", "head"}},
          .parameters = {{block + R"(mask_layer\.0\.(.*))", "block/$1/mask/0/$2"},
                         {block + R"(mask_layer\.2\.(.*))", "block/$1/mask/1/$2"},
                         {block + R"(hidden_layer\.0\.weight)", "block/$1/weight"},
                         {block + R"(hidden_layer\.1\.(weight|bias))", "block/$1/norm/$2"},
                         {R"(mask_net\.fc\.0\.(.*))", "head/$1"},
                         {R"(emb_norm\.(\d+)\.(.*))", "field_norm/$1/$2"}}};
}

}  // namespace

ModelInfo model_masknet() {
  return {
      .name = "masknet",
      .title = "blocks that multiply their input by a mask made of all features",
      .paper = "Wang et al., DLP-KDD 2021",
      .make = [](const Scope& scope,
                 const ModelContext& context) { return std::make_unique<MaskNet>(scope, context); },
      .criteo =
          [](ModelOptions& o) {
            o.hidden_units = {1000, 1000, 1000, 1000, 1000};
            o.mask = {"parallel", 0.1, 2, 500, false, false};
          },
      .variants = {{"parallel",
                    [](ModelOptions& o) {
                      o.mask.structure = "parallel";
                      o.mask.blocks = 2;
                      o.mask.block_units = 5;
                      o.mask.ratio = 0.5;
                    }},
                   {"without norms",
                    [](ModelOptions& o) {
                      o.mask.field_norm = false;
                      o.mask.block_norm = false;
                    }}},
      .peer = peer()};
}

}  // namespace ctr
