// AFN and AFN+ (Cheng, Shen, Huang: Adaptive Factorization Network, AAAI 2020).
//   AFN   logit = MLP(neurons(v))
//   AFN+  logit = w_1 MLP(neurons(v)) + w_2 MLP'([v'_1 … v'_F]) + b, v' from tables of its own
// The neurons (layers/logarithmic_neurons.h) are products of the fields with learned powers.

#include "models/layers/logarithmic_neurons.h"
#include "models/model.h"
#include "models/tower.h"
#include "ops/shaping/shaping.h"

namespace ctr {
namespace {

class Afn : public Model {
 public:
  Afn(const Scope& scope, const ModelContext& context)
      : tower_(scope, context),
        neurons_(scope / "logarithmic", tower_.embedding().count(), context.options.afn),
        products_(
            tower_.mlp(context.options.afn.logarithmic_neurons * tower_.embedding().vector_width(),
                       shape_of_products(context.options))) {
    if (!context.options.afn.ensemble) return;
    own_ = std::make_unique<Embedding>(scope / "deep", context);
    deep_ = std::make_unique<Mlp>(tower_.mlp(own_->width()));
    ensemble_ = std::make_unique<LinearLayer>(scope / "ensemble", 2, 1);
  }

  Var logit(const Batch& batch) const override {
    Var v = tower_.embedding().fields(batch);     // v_i                    [B, F, D]
    Var neurons = flatten(neurons_(v));           // [neuron_1 … neuron_L]  [B, L D]
    Var of_products = products_(neurons, batch);  // MLP                    [B, 1]
    if (!ensemble_) return of_products;
    Var deep = (*deep_)(own_->flat(batch), batch);  // MLP'([v'_1 … v'_F])    [B, 1]
    return (*ensemble_)(concat({of_products, deep}));
  }

 private:
  static MlpOptions shape_of_products(const ModelOptions& options) {
    MlpOptions shape = mlp_options(options);
    shape.name = "afn";
    shape.head = "afn_head";
    shape.units = options.afn.hidden_units;
    shape.dropout = options.afn.dropout;
    if (!options.afn.activation.empty()) shape.activation = options.afn.activation;
    return shape;
  }

  Tower tower_;
  LogarithmicNeurons neurons_;
  Mlp products_;
  std::unique_ptr<Embedding> own_;
  std::unique_ptr<Mlp> deep_;
  std::unique_ptr<LinearLayer> ensemble_;
};

std::vector<ModelVariant> variants() {
  return {{"without ensemble", [](ModelOptions& o) { o.afn.ensemble = false; }},
          {"tanh on the neurons", [](ModelOptions& o) { o.afn.activation = "tanh"; }},
          {"neuron bias, another floor",
           [](ModelOptions& o) {
             o.afn.neuron_bias = true;
             o.afn.floor = 0.05;
           }},
          {"raw numbers", [](ModelOptions& o) { o.numeric = "raw"; }}};
}

PeerNames peer() {
  return {
      .model = "AFN",
      .defaults = {{"logarithmic_neurons", "5"},
                   {"afn_hidden_units", "64,64,64"},
                   {"afn_activation", "relu"},
                   {"batch_norm", "true"}},
      .options = {{"ensemble_dnn", {"afn_ensemble"}},
                  {"dnn_dropout", {"dropout"}},
                  {"afn_hidden_units", {"afn_hidden_units"}},
                  {"afn_activations", peer_activation("afn_activation")},
                  {"afn_dropout", {"afn_dropout"}},
                  {"logarithmic_neurons", {"logarithmic_neurons"}}},
      .mlps = {{"dense_layer", "afn", "afn_head"}},
      .parameters = {{R"(coefficient_W\.weight)", "logarithmic/weight"},
                     {R"((log|exp)_batch_norm\.(weight|bias))", "logarithmic/$1_norm/$2"},
                     {R"(embedding_layer2\.(?:embedding_layer\.)?embedding_layers\.(\w+)\.weight)",
                      "deep/embedding/$1"},
                     {R"(fc\.(weight|bias))", "ensemble/$1"}}};
}

}  // namespace

ModelInfo model_afn() {
  return {.name = "afn",
          .title = "products of fields with learned powers; with an MLP beside, AFN+",
          .paper = "Cheng, Shen, Huang, AAAI 2020",
          .make = [](const Scope& scope,
                     const ModelContext& context) { return std::make_unique<Afn>(scope, context); },
          .criteo =
              [](ModelOptions& o) {
                o.afn.logarithmic_neurons = 1200;
                o.afn.hidden_units = {1000, 1000, 1000, 1000};
                o.hidden_units = {1000, 1000, 1000, 1000, 1000};
                o.batch_norm = true;
              },
          .shrink =
              [](ModelOptions& o) {
                o.afn.logarithmic_neurons = 4;
                o.afn.hidden_units = {5};
              },
          .variants = variants(),
          .peer = peer()};
}

}  // namespace ctr
