// MaskNet (Wang et al., DLP-KDD 2021). v = [v_1 … v_F], v̂ = [LN_1(v_1) … LN_F(v_F)].
//   serial    x_0 = v̂,  x_l = block_l(v, x_{l−1})          logit = wᵀ x_L + b
//   parallel  logit = MLP([block_1(v, v̂) … block_n(v, v̂)])

#include "models/layers/field_norm.h"
#include "models/layers/mask_block.h"
#include "models/model.h"
#include "ops/shaping/shaping.h"

namespace ctr {
namespace {

class MaskNet : public Model {
 public:
  MaskNet(const Scope& scope, const ModelContext& context)
      : tower_(scope, context), serial_(context.options.masknet.structure == "serial") {
    const MaskNetOptions& own = context.options.masknet;
    const int64_t in = tower_.embedding().width();
    if (own.embedding_norm)
      norm_ = std::make_unique<FieldNorm>(scope / "embedding_norm", context, tower_.embedding());
    const IntList units = serial_ ? context.options.hidden_units
                                  : IntList(static_cast<size_t>(own.blocks), own.block_width);
    int64_t width = in;
    for (int64_t out : units) {
      const Scope place = scope / "blocks" / static_cast<int64_t>(blocks_.size());
      blocks_.push_back(std::make_unique<MaskBlock>(place, context, tower_, in, width, out));
      if (serial_) width = out;
    }
    if (serial_) {
      head_ = std::make_unique<LinearLayer>(scope / "head", width, 1);
    } else {
      mlp_ = std::make_unique<Mlp>(tower_.mlp(own.blocks * own.block_width));
    }
  }

  Var logit(const Batch& batch) const override {
    Var v = tower_.embedding().flat(batch);  // [v_1 … v_F]            [B, F D]
    Var x = norm_ ? (*norm_)(v) : v;         // v̂                      [B, F D]
    if (serial_) {
      for (const auto& block : blocks_) x = (*block)(v, x, batch);  // [B, units of the block]
      return (*head_)(x);                                           // [B, 1]
    }
    std::vector<Var> parts;
    parts.reserve(blocks_.size());
    for (const auto& block : blocks_) parts.push_back((*block)(v, x, batch));  // [B, block width]
    return (*mlp_)(concat(parts), batch);                                      // [B, 1]
  }

 private:
  Tower tower_;
  bool serial_;
  std::unique_ptr<FieldNorm> norm_;
  std::vector<std::unique_ptr<MaskBlock>> blocks_;
  std::unique_ptr<LinearLayer> head_;  // serial
  std::unique_ptr<Mlp> mlp_;           // parallel
};

PeerNames peer() {
  PeerNames names{.model = "MaskNet",
                  .defaults = {{"masknet_structure", "serial"},
                               {"masknet_blocks", "1"},
                               {"masknet_block_width", "64"},
                               {"masknet_reduction_ratio", "1"},
                               {"masknet_embedding_norm", "true"},
                               {"masknet_block_norm", "true"}}};
  names.options = {
      {"model_type",
       {"masknet_structure", {{"serialmasknet", "serial"}, {"parallelmasknet", "parallel"}}}},
      {"parallel_num_blocks", {"masknet_blocks"}},
      {"parallel_block_dim", {"masknet_block_width"}},
      {"reduction_ratio", {"masknet_reduction_ratio"}},
      {"emb_layernorm", {"masknet_embedding_norm"}},
      {"net_layernorm", {"masknet_block_norm"}}};
  names.mlps = {{R"(mask_net\.dnn)", "mlp", "head"}};
  names.parameters = {
      {R"(mask_net\.mask_blocks\.(\d+)\.mask_layer\.0\.(\w+))", "blocks/$1/mask/0/$2"},
      {R"(mask_net\.mask_blocks\.(\d+)\.mask_layer\.2\.(\w+))", "blocks/$1/mask/head/$2"},
      {R"(mask_net\.mask_blocks\.(\d+)\.hidden_layer\.0\.weight)", "blocks/$1/weight"},
      {R"(mask_net\.mask_blocks\.(\d+)\.hidden_layer\.1\.(\w+))", "blocks/$1/norm/$2"},
      {R"(mask_net\.fc\.0\.(\w+))", "head/$1"},
      {R"(emb_norm\.(\d+)\.(\w+))", "embedding_norm/$1/$2"}};
  return names;
}

}  // namespace

ModelInfo model_masknet() {
  return {
      .name = "masknet",
      .title = "hidden layers multiplied by masks that the embeddings generate",
      .paper = "Wang et al., DLP-KDD 2021",
      .make = [](const Scope& scope,
                 const ModelContext& context) { return std::make_unique<MaskNet>(scope, context); },
      .criteo =
          [](ModelOptions& o) {
            o.hidden_units = {1000, 1000, 1000, 1000, 1000};
            o.masknet.structure = "parallel";
            o.masknet.blocks = 2;
            o.masknet.block_width = 500;
            o.masknet.reduction_ratio = 0.1;
            o.masknet.embedding_norm = false;
            o.masknet.block_norm = false;
          },
      .shrink =
          [](ModelOptions& o) {
            o.masknet.blocks = 2;
            o.masknet.block_width = 5;
            o.masknet.reduction_ratio = 0.5;
          },
      .variants = {{"parallel", [](ModelOptions& o) { o.masknet.structure = "parallel"; }},
                   {"no norms, mish",
                    [](ModelOptions& o) {
                      o.masknet.embedding_norm = false;
                      o.masknet.block_norm = false;
                      o.activation = "mish";
                    }},
                   {"no norms, prelu",
                    [](ModelOptions& o) {
                      o.masknet.embedding_norm = false;
                      o.masknet.block_norm = false;
                      o.activation = "prelu";
                    }},
                   {"raw numbers, dice",
                    [](ModelOptions& o) {
                      o.numeric = "raw";
                      o.activation = "dice";
                    }},
                   {"parallel, no block norm",
                    [](ModelOptions& o) {
                      o.masknet.structure = "parallel";
                      o.masknet.block_norm = false;
                      o.masknet.reduction_ratio = 2;
                    }}},
      .peer = peer()};
}

}  // namespace ctr
