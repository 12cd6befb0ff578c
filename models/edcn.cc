// EDCN (Chen et al., Enhancing Explicit and Implicit Feature Interactions via Information Sharing,
// CIKM 2021). Two branches that share what they learn after each layer:
//   (c, h) = R_l(y),  y = x0 at first        regulation: gates softmax(g / τ) over fields, batch
//   norm c ← c + c0 (c · w_l) + b_l               cross h ← relu(W_l h + β_l) deep y = f(c, h)
//   bridge logit = w · [c ; h ; y] + b

#include "models/model.h"
#include "models/tower.h"
#include "ops/activation/activation.h"
#include "ops/cross/cross.h"
#include "ops/elementwise/elementwise.h"
#include "ops/linear/linear.h"
#include "ops/shaping/shaping.h"
#include "ops/softmax/softmax.h"

namespace ctr {
namespace {

// One branch's gates over fields, then batch norm: parameters `gate` [F] (ones), `bn/…`.
class Regulation {
 public:
  Regulation(const Scope& scope, int64_t fields, int64_t width, const ModelOptions& options)
      : width_(width), temperature_(options.edcn.temperature) {
    if (options.edcn.regulation)
      gate_ = &scope.parameter("gate", {fields}, Initializer::constant(1));
    if (options.batch_norm) norm_ = std::make_unique<BatchNormLayer>(scope / "bn", fields * width);
  }

  Var operator()(const Var& x) const {
    Var y = x;
    if (gate_ != nullptr) {
      const Var g = softmax(scale(*gate_, 1 / temperature_));  // [F]
      const Var ones(Tensor::full({g.dim(0), width_}, x.dtype(), 1));
      y = x * reshape(scale_rows(ones, g), {x.dim(1)});  // each number of a field by its gate
    }
    return norm_ ? (*norm_)(y) : y;
  }

 private:
  int64_t width_;
  double temperature_;
  const Parameter* gate_ = nullptr;
  std::unique_ptr<BatchNormLayer> norm_;
};

// y = f(c, h).
class Bridge {
 public:
  Bridge(const Scope& scope, int64_t d, const EdcnOptions& options) : kind_(options.bridge) {
    shared_ = options.attention == "shared";
    if (kind_ == "concatenation") concat_ = std::make_unique<LinearLayer>(scope, 2 * d, d);
    if (kind_ != "attention_pooling") return;
    for (const char* name : {"attention1", "attention2"}) {
      const Scope own = scope / name;
      nets_.push_back({std::make_unique<LinearLayer>(own, d, d),
                       &own.parameter("out", {d, d}, Initializer::xavier_normal(d, d))});
    }
  }

  Var operator()(const Var& c, const Var& h) const {
    if (kind_ == "hadamard") return c * h;
    if (kind_ == "addition") return c + h;
    if (kind_ == "concatenation") return (*concat_)(concat({c, h}), Activation::relu);
    return attended(nets_[0], c) + attended(nets_[shared_ ? 0 : 1], h);
  }

 private:
  struct Net {
    std::unique_ptr<LinearLayer> hidden;
    const Parameter* out;
  };
  // softmax(V relu(W x + β)) ⊙ x
  static Var attended(const Net& net, const Var& x) {
    return softmax(linear((*net.hidden)(x, Activation::relu), *net.out)) * x;
  }

  std::string kind_;
  bool shared_;
  std::unique_ptr<LinearLayer> concat_;
  std::vector<Net> nets_;
};

class Edcn : public Model {
 public:
  Edcn(const Scope& scope, const ModelContext& context)
      : tower_(scope, context), residual_(context.options.edcn.residual) {
    const int64_t f = tower_.embedding().count(), k = tower_.embedding().vector_width(), d = f * k;
    MlpOptions shape = mlp_options(context.options);
    shape.units = {d};
    shape.out = 0;
    shape.batch_norm = false;
    for (int64_t l = 0; l < context.options.cross.layers; ++l) {
      shape.name = "dense/" + std::to_string(l);
      const Scope cross = scope / "cross" / l, regulation = scope / "regulation" / l;
      layers_.push_back({Regulation(regulation / "cross", f, k, context.options),
                         Regulation(regulation / "deep", f, k, context.options),
                         &cross.parameter("weight", {1, d}, Initializer::xavier_normal(d, 1)),
                         &cross.parameter("bias", {d}, Initializer::zeros()), tower_.mlp(d, shape),
                         Bridge(scope / "bridge" / l, d, context.options.edcn)});
    }
    head_ = std::make_unique<LinearLayer>(scope / "head", 3 * d, 1);
  }

  Var logit(const Batch& batch) const override {
    Var y = flatten(tower_.embedding().fields(batch));  // x0               [B, D]
    Var c0, c, h;
    for (const Layer& layer : layers_) {
      c = layer.regulate_cross(y);  // [B, D]
      h = layer.regulate_deep(y);   // [B, D]
      if (!c0.defined()) c0 = c;
      c = cross(layer, c0, c);    // c + c0 (c · w) + b
      h = layer.dense(h, batch);  // relu(W h + β)
      y = layer.bridge(c, h);     // f(c, h)
    }
    return (*head_)(concat({c, h, y}));  // w · [c ; h ; y] + b  [B, 1]
  }

 private:
  struct Layer {
    Regulation regulate_cross, regulate_deep;
    const Parameter* weight;
    const Parameter* bias;
    Mlp dense;
    Bridge bridge;
  };
  Var cross(const Layer& layer, const Var& c0, const Var& c) const {
    if (residual_) return cross_vector(c0, c, *layer.weight, *layer.bias);
    return scale_rows(c0, linear(c, *layer.weight)) + *layer.bias;
  }

  Tower tower_;
  bool residual_;
  std::vector<Layer> layers_;
  std::unique_ptr<LinearLayer> head_;
};

PeerNames peer() {
  return {
      .model = "EDCN",
      .defaults = {{"cross_layers", "3"}, {"edcn_residual", "false"}, {"edcn_attention", "shared"}},
      .options = {{"num_cross_layers", {"cross_layers"}},
                  {"bridge_type",
                   {"edcn_bridge",
                    {{"hadamard_product", "hadamard"}, {"pointwise_addition", "addition"}}}},
                  {"use_regulation_module", {"edcn_regulation"}},
                  {"temperature", {"edcn_temperature"}}},
      .mlps = {{R"(dense_layers\.(\d+))", "dense/$1"}},
      .parameters = {{R"(cross_layers\.(\d+)\.bias)", "cross/$1/bias"},
                     {R"(cross_layers\.(\d+)\.weight\.weight)", "cross/$1/weight"},
                     {R"(regulation_modules\.(\d+)\.g1)", "regulation/$1/cross/gate"},
                     {R"(regulation_modules\.(\d+)\.g2)", "regulation/$1/deep/gate"},
                     {R"(regulation_modules\.(\d+)\.bn1\.(.*))", "regulation/$1/cross/bn/$2"},
                     {R"(regulation_modules\.(\d+)\.bn2\.(.*))", "regulation/$1/deep/bn/$2"},
                     {R"(bridge_modules\.(\d+)\.concat_pooling\.0\.(.*))", "bridge/$1/$2"},
                     {R"(bridge_modules\.(\d+)\.(attention\d)\.0\.(.*))", "bridge/$1/$2/$3"},
                     {R"(bridge_modules\.(\d+)\.(attention\d)\.2\.weight)", "bridge/$1/$2/out"},
                     {R"(fc\.(weight|bias))", "head/$1"}}};
}

}  // namespace

ModelInfo model_edcn() {
  std::vector<ModelVariant> variants = {
      {"batch norm, warm gates",
       [](ModelOptions& o) {
         o.batch_norm = true;
         o.edcn.temperature = 5;
       }},
      {"no residual", [](ModelOptions& o) { o.edcn.residual = false; }},
      {"no gates", [](ModelOptions& o) {
         o.edcn.regulation = false;
         o.activation = "tanh";  // without gates units sit on a kink of the ReLU
       }}};
  for (const char* bridge : {"addition", "concatenation", "attention_pooling"})
    variants.push_back({bridge, [=](ModelOptions& o) { o.edcn.bridge = bridge; }});
  return {
      .name = "edcn",
      .title = "cross and deep branches that share after each layer",
      .paper = "Chen et al., CIKM 2021",
      .make = [](const Scope& scope,
                 const ModelContext& context) { return std::make_unique<Edcn>(scope, context); },
      .preset = [](ModelOptions& o) { o.batch_norm = true; },
      .criteo = [](ModelOptions& o) { o.edcn.temperature = 20; },
      .shrink =
          [](ModelOptions& o) {
            o.cross.layers = 2;
            o.batch_norm = false;
          },
      .variants = variants,
      .peer = peer()};
}

}  // namespace ctr
