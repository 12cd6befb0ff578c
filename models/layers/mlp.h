#pragma once

#include <memory>
#include <string>
#include <vector>

#include "models/layers/activation_layer.h"
#include "models/layers/apg_linear.h"
#include "models/layers/batch_norm.h"
#include "models/layers/dropout_layer.h"
#include "models/layers/lora_linear.h"
#include "models/layers/mixed_lora_linear.h"

namespace ctr {

// Shape of one MLP; a default-constructed one has no hidden layer and one output.
struct MlpOptions {
  std::string name = "mlp";         // hidden layer l has its parameters below `<name>/<l>`
  std::string head = "head";        // and the output layer below this
  IntList units = {};               // widths of the hidden layers
  int64_t out = 1;                  // width of the output layer; 0: ends with the last hidden layer
  std::string activation = "relu";  // of the hidden layers: activation_layer_names()
  double dropout = 0;               // after each of them
  bool batch_norm = false;          // before the activation: parameters `<name>/<l>/bn/…`
  std::string linear = "plain";     // hidden layers: plain, apg, mlora; the output layer is plain
};
// Units, activation, dropout, batch norm and kind of layer as the model's options have them.
MlpOptions mlp_options(const ModelOptions& options);

// What layers need whose weights depend on the row.
struct RowWeights {
  ApgOptions apg = {};
  const Condition* condition = nullptr;  // APG's; must outlive the layers
  MloraOptions mlora = {};
  int64_t domains = 0;               // MLoRA's
  const DomainGate* gate = nullptr;  // of MLoRA with experts; must outlive the layers
};

// Hidden layers, each linear → batch norm → activation → dropout, then an output layer.
class Mlp {
 public:
  // Plain layers need no RowWeights.
  Mlp(const Scope& scope, int64_t in, const MlpOptions& shape, const RowWeights& weights = {});

  // x [B, in] → [B, width()]
  Var operator()(const Var& x, const Batch& batch) const;
  // For plain layers, which need nothing of the batch but x.
  Var operator()(const Var& x) const;

  int64_t width() const { return width_; }

 private:
  struct Layer {
    std::unique_ptr<LinearLayer> plain;
    std::unique_ptr<ApgLinear> generated;
    std::unique_ptr<LoraLinear> adapted;
    std::unique_ptr<MixedLoraLinear> mixed;
    std::unique_ptr<BatchNormLayer> norm;
    std::unique_ptr<ActivationLayer> activation;
  };
  // What a batch's rows have of their own.
  struct Rows {
    std::vector<BatchCondition> conditions;
    RowGroups domains;
    Var gate;
  };
  Layer make_layer(const Scope& place, int64_t out, const MlpOptions& shape,
                   const RowWeights& weights, size_t index) const;
  Var hidden(const Layer& layer, const Var& x, const Rows& rows) const;
  Var run(const Var& x, const Rows& rows) const;

  DropoutLayer dropout_;
  int64_t width_;
  const Condition* condition_;
  int64_t domains_;  // 0: no layer has adapters
  const DomainGate* gate_;
  std::vector<Layer> layers_;
  std::unique_ptr<LinearLayer> head_;
};

}  // namespace ctr
