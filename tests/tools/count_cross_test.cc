// Numbers of parameters of the cross networks against the logs of the published benchmark (BARS,
// Frappe_x1 and MovielensLatest_x1), and what no golden file shows of them.

#include <functional>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "models/model.h"
#include "tools/golden/described.h"

namespace ctr {
namespace {

Schema schema_of(int64_t fields, int64_t ids) {
  Schema schema;
  schema.name = "counted";
  for (int64_t f = 0; f < fields; ++f) {
    Field field;
    field.name = "f" + std::to_string(f);
    field.vocabulary = f + 1 < fields ? ids / fields : ids - ids / fields * (fields - 1);
    schema.fields.push_back(field);
  }
  return schema;
}

struct Counted {
  const char* name;
  const char* model;
  int64_t fields, ids;
  std::function<void(ModelOptions&)> set;
  int64_t expected;
};

void PrintTo(const Counted& one, std::ostream* out) { *out << one.name; }

class CrossCounts : public testing::TestWithParam<Counted> {};

TEST_P(CrossCounts, AreThoseOfTheLogs) {
  const Counted& one = GetParam();
  ModelOptions options;
  find_model(one.model).preset(options);
  options.embedding_dim = 10;
  one.set(options);
  const Schema schema = schema_of(one.fields, one.ids);
  GivenVectors none;
  ParameterStore store(DType::f32, 1);
  auto model = find_model(one.model).make(Scope(store), {schema, none, options});
  EXPECT_EQ(store.count_trainable(), one.expected);
}

void units(ModelOptions& o, int64_t layers, const IntList& hidden, bool batch_norm) {
  o.cross.layers = layers;
  o.hidden_units = hidden;
  o.batch_norm = batch_norm;
}

constexpr int64_t kFrappe = 5389, kMovies = 90239;
const IntList kDeep = {400, 400, 400};

std::vector<Counted> all_counted() {
  auto alone = [](int64_t layers) {
    return [=](ModelOptions& o) {
      units(o, layers, {}, false);
      o.cross.structure = "crossnet_only";
    };
  };
  auto deep = [](int64_t layers) {
    return [=](ModelOptions& o) { units(o, layers, kDeep, true); };
  };
  auto edcn = [](int64_t layers, bool regulation) {
    return [=](ModelOptions& o) {
      units(o, layers, {}, true);
      o.edcn.regulation = regulation;
    };
  };
  return {{"CrossNet_Frappe", "dcn", 10, kFrappe, alone(6), 55'191},
          {"CrossNet_Movielens", "dcn", 3, kMovies, alone(7), 902'841},
          {"DCN_Frappe", "dcn", 10, kFrappe, deep(3), 418'591},
          {"DCN_Movielens", "dcn", 3, kMovies, deep(4), 1'238'661},
          {"CrossNetV2_Frappe", "dcnv2", 10, kFrappe, alone(4), 94'391},
          {"CrossNetV2_Movielens", "dcnv2", 3, kMovies, alone(8), 909'861},
          {"DCNv2_Frappe", "dcnv2", 10, kFrappe, deep(4), 458'391},
          {"DCNv2_Movielens", "dcnv2", 3, kMovies, deep(5), 1'243'071},
          {"EDCN_Frappe", "edcn", 10, kFrappe, edcn(3, true), 86'351},
          {"EDCN_Movielens", "edcn", 3, kMovies, edcn(2, false), 904'701}};
}

INSTANTIATE_TEST_SUITE_P(Published, CrossCounts, testing::ValuesIn(all_counted()),
                         [](const auto& info) { return std::string(info.param.name); });

// L (K (2 D r + r²) + D) + K D for the mixture, and K D more for each layer with gates of its own.
TEST(CrossCounts, OfTheMixture) {
  auto count = [](const char* gates) {
    ModelOptions options;
    options.embedding_dim = 4;
    options.cross.kernel = "mixture";
    options.cross.structure = "crossnet_only";
    options.cross.gates = gates;
    options.cross.layers = 2;
    const Schema schema = schema_of(6, 60);
    GivenVectors none;
    ParameterStore store(DType::f32, 1);
    auto model = find_model("dcnv2").make(Scope(store), {schema, none, options});
    return store.count_trainable();
  };
  const int64_t d = 24, r = 32, k = 4;
  const int64_t expected = 60 * 4 + 2 * (k * (2 * d * r + r * r) + d) + k * d + d + 1;
  EXPECT_EQ(count("shared"), expected);
  EXPECT_EQ(count("per_layer"), expected + k * d);
}

// The peer has a class for each structure of ours.
TEST(PeerOfGdcn, ParallelIsAClassOfItsOwn) {
  const PeerShapes shapes = {{"dnn.mlp.0.weight", {6, 8}},
                             {"dnn.mlp.0.bias", {6}},
                             {"cross_net.w.0.weight", {8, 8}},
                             {"cross_net.wg.0.weight", {8, 8}},
                             {"cross_net.b.0", {8}},
                             {"fc.weight", {1, 14}},
                             {"fc.bias", {1}}};
  const nlohmann::json options = {{"dnn_hidden_units", {6}}, {"num_cross_layers", 1}};
  const Schema schema = schema_of(2, 9);
  const Described d = described_peer("GDCNP", options, schema, "4", shapes);
  EXPECT_EQ(d.model, "gdcn");
  GivenVectors none;
  ParameterStore store(DType::f64, 1);
  auto model = find_model(d.model).make(Scope(store), {d.schema, none, d.options});
  for (const auto& [name, shape] : shapes) {
    const Parameter* found = store.find(d.names.at(name));
    ASSERT_NE(found, nullptr) << name;
    EXPECT_EQ(found->value.count(), shape[0] * (shape.size() > 1 ? shape[1] : 1)) << name;
  }
  EXPECT_EQ(store.all().size(), shapes.size() + schema.fields.size());
}

}  // namespace
}  // namespace ctr
