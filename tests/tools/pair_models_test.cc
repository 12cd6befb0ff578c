// FM's relatives by the peer's classes, options and parameter names; two layouts of one model; and
// what they refuse.

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "engine/error.h"
#include "io/json.h"
#include "tools/golden/described.h"
#include "tools/model_check.h"

namespace ctr {
namespace {

// Two categories and a number.
Schema three_fields() {
  Schema schema;
  schema.name = "three";
  schema.fields = {{"c1", FieldType::categorical, 7},
                   {"c2", FieldType::categorical, 5},
                   {"n1", FieldType::numeric}};
  return schema;
}

// A table per field below `prefix`, as FuxiCTR's FeatureEmbedding names them.
void add_tables(PeerShapes& shapes, const std::string& prefix, int64_t width) {
  const std::string below = prefix + ".embedding_layer.embedding_layers.";
  shapes[below + "c1.weight"] = {7, width};
  shapes[below + "c2.weight"] = {5, width};
  shapes[below + "n1.weight"] = {width, 1};
}
void add_linear(PeerShapes& shapes, bool bias) {
  add_tables(shapes, "lr_layer.embedding_layer", 1);
  if (bias) shapes["lr_layer.bias"] = {1};
}
// One hidden layer; `learned` names the parameter of its activation, if that has one.
void add_mlp(PeerShapes& shapes, const std::string& name, int64_t in, int64_t units, bool norm,
             const std::string& learned = "") {
  int module = 0;
  auto next = [&] { return name + ".mlp." + std::to_string(module++) + "."; };
  const std::string hidden = next();
  shapes[hidden + "weight"] = {units, in};
  shapes[hidden + "bias"] = {units};
  if (norm) {
    const std::string bn = next();
    shapes[bn + "weight"] = shapes[bn + "bias"] = {units};
  }
  const std::string activation = next();
  if (!learned.empty()) shapes[activation + learned] = {units};
  const std::string head = next();
  shapes[head + "weight"] = {1, units};
  shapes[head + "bias"] = {1};
}

// Every parameter of the peer's is one of ours, of its shape, and the other way round.
void expect_same_parameters(const std::string& peer, const std::string& options,
                            const PeerShapes& shapes, const std::string& width = "2") {
  const Described d = described_peer(peer, parse_json(options), three_fields(), width, shapes);
  ParameterStore store(DType::f64, 1);
  GivenVectors none;
  auto model = find_model(d.model).make(Scope(store), {d.schema, none, d.options});
  int64_t count = 0;
  for (const auto& [theirs, shape] : shapes) {
    const Parameter* mine = store.find(d.names.at(theirs));
    ASSERT_NE(mine, nullptr) << peer << ": " << theirs << " as " << d.names.at(theirs);
    EXPECT_EQ(mine->value.shape(), Shape(shape)) << peer << ": " << theirs;
    count += mine->value.count();
  }
  EXPECT_EQ(count, store.count_trainable()) << peer;
}

TEST(PairPeers, FieldAwareMachinesInBothLayouts) {
  PeerShapes joined, separate;
  add_linear(joined, true);
  add_tables(joined, "embedding_layer", 4);
  expect_same_parameters("FFMv2", "{}", joined);
  add_linear(separate, true);
  for (const char* slot : {"0", "1"})
    add_tables(separate, std::string("embedding_layers.") + slot, 2);
  expect_same_parameters("FFM", R"({"task": "binary_classification", "regularizer": 0})", separate);
}

TEST(PairPeers, FieldMatrixedMachines) {
  PeerShapes shapes;
  add_linear(shapes, true);
  add_tables(shapes, "embedding_layer", 2);
  shapes["interaction_weight"] = {3, 2, 2};
  expect_same_parameters("FmFM", "{}", shapes);
  expect_same_parameters("FmFM", R"({"field_interaction_type": "matrixed"})", shapes);
  shapes["interaction_weight"] = {3, 2};
  expect_same_parameters("FmFM", R"({"field_interaction_type": "vectorized"})", shapes);
}

TEST(PairPeers, TwoMlpsByTheirOwnOptions) {
  PeerShapes shapes;
  add_tables(shapes, "embedding_layer", 2);
  add_mlp(shapes, "mlp1", 6, 5, true);
  add_mlp(shapes, "mlp2", 6, 3, false, "alpha");
  expect_same_parameters("DualMLP",
                         R"({"mlp1_hidden_units": [5], "mlp1_batch_norm": true, "mlp1_dropout": 0,
                             "mlp2_hidden_units": [3], "mlp2_hidden_activations": "Dice"})",
                         shapes);
}

TEST(PairPeers, MlpsOverWhatPairsGive) {
  PeerShapes wide, pooled, products;
  add_linear(wide, false);
  add_tables(wide, "embedding_layer", 2);
  pooled = wide;
  add_mlp(wide, "dnn", 6, 5, true, "weight");
  expect_same_parameters("WideDeep",
                         R"({"hidden_units": [5], "hidden_activations": "PReLU",
                             "batch_norm": true, "net_dropout": 0})",
                         wide);
  add_mlp(pooled, "dnn", 2, 5, true);
  expect_same_parameters(
      "NFM", R"({"hidden_units": [5], "batch_norm": true, "embedding_dropout": 0})", pooled);
  add_tables(products, "embedding_layer", 2);
  add_mlp(products, "dnn", 9, 5, true);
  expect_same_parameters(
      "PNN", R"({"hidden_units": [5], "batch_norm": true, "product_type": "inner"})", products);
}

TEST(PairPeers, LinearTermsOfFieldWeightedMachines) {
  PeerShapes shapes;
  add_tables(shapes, "embedding_layer", 2);
  shapes["interaction_weight.weight"] = {1, 3};
  shapes["interaction_weight.bias"] = {1};
  PeerShapes per_id = shapes, per_field = shapes, vectors = shapes;
  add_tables(per_id, "linear_weight_layer", 1);
  expect_same_parameters("FwFM", R"({"linear_type": "LW"})", per_id);
  add_tables(vectors, "linear_weight_layer", 2);
  expect_same_parameters("FwFM", R"({"linear_type": "FeLV"})", vectors);
  per_field["linear_weight_layer.weight"] = {1, 6};
  expect_same_parameters("FwFM", "{}", per_field);
}

TEST(PairPeers, BilinearInteractions) {
  PeerShapes shapes;
  add_linear(shapes, false);
  add_tables(shapes, "embedding_layer", 2);
  shapes["senet_layer.excitation.0.weight"] = {6, 3};
  shapes["senet_layer.excitation.2.weight"] = {3, 6};
  PeerShapes flat = shapes;
  for (const char* part :
       {"bilinear_interaction1.bilinear_W", "bilinear_interaction2.bilinear_W"}) {
    shapes[part] = {3, 2, 2};
    flat[part] = {2, 2};
  }
  add_mlp(shapes, "dnn", 12, 5, false);
  expect_same_parameters("FiBiNET",
                         R"({"hidden_units": [5], "bilinear_type": "field_each",
                             "reduction_ratio": 0.5, "excitation_activation": "Sigmoid"})",
                         shapes);
  flat["dnn.mlp.0.weight"] = {1, 12};  // the peer's default: no hidden layer
  flat["dnn.mlp.0.bias"] = {1};
  expect_same_parameters("FiBiNET", R"({"bilinear_type": "field_all", "reduction_ratio": 0.5})",
                         flat);
}

TEST(Ffm, LayoutsOfTablesAreTheSameModel) {
  const SmallProblem problem = small_problem();
  ModelOptions options = model_cases("ffm")[0].options;
  GivenVectors none;
  ParameterStore joined_store(DType::f64, 1), store(DType::f64, 2);
  auto joined = find_model("ffm").make(Scope(joined_store), {problem.schema, none, options});
  options.ffm.ffm_tables = "separate";
  auto separate = find_model("ffm").make(Scope(store), {problem.schema, none, options});
  const auto slots = static_cast<int64_t>(problem.schema.fields.size()) - 1;
  for (const auto& parameter : joined_store.all()) {
    Parameter* same = store.find(parameter->name);
    if (same != nullptr) same->value = parameter->value;
    for (int64_t slot = 0; same == nullptr && slot < slots; ++slot) {
      Tensor& to = store.find("slot/" + std::to_string(slot) + "/" + parameter->name)->value;
      const int64_t width = options.embedding_dim, rows = to.count() / width;
      const bool number = to.dim(1) == 1;  // a vector [D, 1]
      for (int64_t i = 0; i < to.count(); ++i) {
        const int64_t row = number ? 0 : i / width, column = number ? i : i % width;
        to.data<double>()[i] =
            parameter->value.data<double>()[(row * slots + slot) * width + column];
      }
      EXPECT_EQ(parameter->value.count(), rows * slots * width);
    }
  }
  const Tensor a = joined->logit(problem.batch).value(), b = separate->logit(problem.batch).value();
  for (int64_t i = 0; i < a.count(); ++i) EXPECT_EQ(a.data<double>()[i], b.data<double>()[i]);
}

std::string refusal(const std::string& model, const Schema& schema,
                    const std::function<void(ModelOptions&)>& change) {
  ModelOptions options = model_cases(model)[0].options;
  change(options);
  try {
    ParameterStore store(DType::f32, 1);
    GivenVectors none;
    find_model(model).make(Scope(store), {schema, none, options});
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

TEST(PairRefusals, SayWhatToDo) {
  EXPECT_EQ(refusal("fwfm", three_fields(),
                    [](ModelOptions& o) {
                      o.fwfm.fwfm_linear = "felv";
                      o.numeric = "raw";
                    }),
            "fwfm: raw numbers have no vector to weigh; use --numeric embed or --fwfm-linear lw or "
            "filv");
  Schema one = three_fields();
  one.fields.erase(one.fields.begin());
  EXPECT_EQ(refusal("ffm", one, [](ModelOptions& o) { o.numeric = "raw"; }),
            "ffm: interactions need at least two fields with vectors, got 1");
}

}  // namespace
}  // namespace ctr
