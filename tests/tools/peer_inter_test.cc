// Every option of FuxiCTR's xDeepFM, AutoInt, AFN and DeepIM, and every name that their parameters
// can have, is a setting and a parameter of ours.

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "io/json.h"
#include "tools/golden/described.h"

namespace ctr {
namespace {

using Names = std::map<std::string, std::string>;

Schema two_fields() {
  Schema schema;
  schema.name = "peer";
  schema.fields = {{"c1", FieldType::categorical, 5}, {"n1", FieldType::numeric}};
  return schema;
}

Described described(const std::string& peer, const std::string& options, const Names& names = {}) {
  PeerShapes shapes;
  for (const auto& [name, ours] : names)
    shapes[name] = std::vector<int64_t>(name.find(".mlp.0.weight") == std::string::npos ? 1 : 2, 3);
  return described_peer(peer, parse_json(options), two_fields(), "4", shapes);
}

// Each of our names is one of the model that the options build.
void expect_names(const std::string& peer, const std::string& options, const Names& names) {
  const Described d = described(peer, options, names);
  ParameterStore store(DType::f32, 1);
  const GivenVectors none;
  const auto model = find_model(d.model).make(Scope(store), {d.schema, none, d.options});
  for (const auto& [theirs, ours] : names) {
    EXPECT_EQ(d.names.at(theirs), ours);
    EXPECT_NE(store.find(ours), nullptr) << ours;
  }
}

TEST(InterPeers, XDeepFm) {
  const ModelOptions defaults = described("xDeepFM", "{}").options;
  EXPECT_EQ(defaults.cin.units, (IntList{16, 16, 16}));
  EXPECT_EQ(defaults.hidden_units, (IntList{64, 64, 64}));
  EXPECT_TRUE(described("xDeepFM", R"({"dnn_hidden_units": null})").options.hidden_units.empty());
  EXPECT_TRUE(described("xDeepFM", R"({"dnn_hidden_units": []})").options.hidden_units.empty());
  expect_names("xDeepFM",
               R"({"cin_hidden_units": [4, 2], "dnn_hidden_units": [], "net_dropout": 0,
                   "dnn_activations": "Tanh", "batch_norm": true})",
               {{"cin.cin_layer.layer_1.weight", "cin/1/weight"},
                {"cin.cin_layer.layer_2.bias", "cin/2/bias"},
                {"cin.fc.weight", "cin/head/weight"},
                {"cin.fc.bias", "cin/head/bias"}});
}

TEST(InterPeers, AutoInt) {
  const ModelOptions defaults = described("AutoInt", "{}").options;
  EXPECT_EQ(defaults.autoint.layers, 2);
  EXPECT_EQ(defaults.autoint.heads, 1);
  EXPECT_EQ(defaults.autoint.dim, 8);
  EXPECT_EQ(defaults.autoint.residual, "identity");
  EXPECT_EQ(described("AutoInt", R"({"use_residual": false})").options.autoint.residual, "none");
  expect_names(
      "AutoInt",
      R"({"attention_layers": 1, "num_heads": 3, "attention_dim": 6, "layer_norm": true,
                   "use_scale": true, "use_wide": true, "use_residual": true,
                   "dnn_hidden_units": null, "dnn_activations": "ReLU", "batch_norm": false})",
      {{"self_attention.0.W_q.weight", "attention/0/query/weight"},
       {"self_attention.0.W_k.weight", "attention/0/key/weight"},
       {"self_attention.0.W_v.weight", "attention/0/value/weight"},
       {"self_attention.0.W_res.weight", "attention/0/residual/weight"},
       {"self_attention.0.layer_norm.weight", "attention/0/norm/weight"},
       {"self_attention.0.layer_norm.bias", "attention/0/norm/bias"},
       {"lr_layer.embedding_layer.embedding_layer.embedding_layers.n1.weight", "linear/n1"},
       {"fc.weight", "attention/head/weight"},
       {"fc.bias", "attention/head/bias"}});
}

TEST(InterPeers, Afn) {
  const ModelOptions defaults = described("AFN", "{}").options;
  EXPECT_EQ(defaults.afn.logarithmic_neurons, 5);
  EXPECT_EQ(defaults.afn.hidden_units, (IntList{64, 64, 64}));
  EXPECT_TRUE(defaults.batch_norm);
  EXPECT_TRUE(defaults.afn.ensemble);
  const Described d = described("AFN", R"({"dnn_activations": "Tanh"})");
  EXPECT_EQ(d.options.activation, "tanh");
  EXPECT_EQ(d.options.afn.activation, "relu");
  expect_names(
      "AFN",
      R"({"ensemble_dnn": true, "dnn_hidden_units": [3], "dnn_activations": "PReLU",
                   "dnn_dropout": 0, "afn_hidden_units": [], "afn_activations": "Dice",
                   "afn_dropout": 0, "logarithmic_neurons": 4, "batch_norm": false})",
      {{"coefficient_W.weight", "logarithmic/weight"},
       {"log_batch_norm.weight", "logarithmic/log_norm/weight"},
       {"log_batch_norm.bias", "logarithmic/log_norm/bias"},
       {"exp_batch_norm.weight", "logarithmic/exp_norm/weight"},
       {"exp_batch_norm.bias", "logarithmic/exp_norm/bias"},
       {"dense_layer.mlp.0.weight", "afn_head/weight"},
       {"dense_layer.mlp.0.bias", "afn_head/bias"},
       {"embedding_layer2.embedding_layer.embedding_layers.c1.weight", "deep/embedding/c1"},
       {"fc.weight", "ensemble/weight"},
       {"fc.bias", "ensemble/bias"}});
}

TEST(InterPeers, DeepIm) {
  const ModelOptions defaults = described("DeepIM", "{}").options;
  EXPECT_EQ(defaults.im.order, 2);
  EXPECT_TRUE(defaults.im.dnn);
  EXPECT_FALSE(described("DeepIM", R"({"hidden_units": null})").options.im.dnn);
  EXPECT_TRUE(described("DeepIM", R"({"hidden_units": []})").options.im.dnn);
  EXPECT_TRUE(described("DeepIM", R"({"net_batch_norm": true})").options.batch_norm);
  expect_names("DeepIM",
               R"({"im_order": 4, "im_batch_norm": true, "hidden_units": [],
                   "hidden_activations": "ReLU", "net_batch_norm": false, "net_dropout": 0})",
               {{"im_layer.bn.weight", "interaction/bn/weight"},
                {"im_layer.bn.bias", "interaction/bn/bias"},
                {"im_layer.fc.weight", "interaction/head/weight"},
                {"dnn.mlp.0.weight", "head/weight"},
                {"dnn.mlp.0.bias", "head/bias"}});
}

}  // namespace
}  // namespace ctr
