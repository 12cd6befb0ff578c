// Numbers of parameters of the published runs of FM and its relatives (the log line "Total number
// of parameters" of BARS' runs on Frappe_x1 and MovielensLatest_x1; ids as they counted them).

#include <gtest/gtest.h>

#include "models/model.h"

namespace ctr {
namespace {

// A field's share in the vocabulary changes no count here.
Schema fields_of(int64_t fields, int64_t vocabulary) {
  Schema schema;
  schema.name = "counted";
  for (int64_t f = 0; f < fields; ++f) {
    Field field;
    field.name = "f" + std::to_string(f);
    field.vocabulary = f == 0 ? vocabulary - (fields - 1) * 9 : 9;
    schema.fields.push_back(field);
  }
  return schema;
}
Schema frappe() { return fields_of(10, 5389); }
Schema movielens() { return fields_of(3, 90239); }

struct Published {
  std::string model;
  std::string data;
  int64_t count;
  std::function<void(ModelOptions&)> change = [](ModelOptions&) {};
};

void PrintTo(const Published& run, std::ostream* out) { *out << run.model << " " << run.data; }

void with_norm(ModelOptions& o) { o.batch_norm = true; }
void without_bias(ModelOptions& o) {
  o.fm.linear_bias = false;
  o.batch_norm = true;
}
void vector_per_id(ModelOptions& o) { o.fwfm.fwfm_linear = "felv"; }
std::function<void(ModelOptions&)> shared_matrix(double reduction) {
  return [reduction](ModelOptions& o) {
    o.batch_norm = true;
    o.fibinet.bilinear_type = "all";
    o.fibinet.share_bilinear = true;
    o.fibinet.senet_reduction = reduction;
  };
}
// DNN's logs count two MLPs: on Frappe and MovieLens with batch norm.
void two_norms(ModelOptions& o) { o.batch_norm = o.dual_mlp.second_batch_norm = true; }

std::vector<Published> runs() {
  return {{"fm", "frappe", 59'280},
          {"fm", "movielens", 992'630},
          {"ffm", "frappe", 490'400},
          {"ffm", "movielens", 1'895'020},
          {"fwfm", "frappe", 107'826, vector_per_id},
          {"fwfm", "movielens", 1'804'784, vector_per_id},
          {"nfm", "frappe", 384'880},
          {"nfm", "movielens", 1'318'230},
          {"pnn", "frappe", 433'491},
          {"pnn", "movielens", 1'237'191},
          {"widedeep", "frappe", 423'280, with_norm},
          {"widedeep", "movielens", 1'328'630, with_norm},
          {"deepfm", "frappe", 423'280, without_bias},
          {"deepfm", "movielens", 1'328'630, without_bias},
          {"dualmlp", "frappe", 781'892, two_norms},
          {"dualmlp", "movielens", 1'574'392, two_norms},
          {"fibinet", "frappe", 743'480, shared_matrix(2)},
          {"fibinet", "movielens", 1'340'790, shared_matrix(0.3)}};
}

ModelOptions options_of(const Published& run) {
  ModelOptions options;
  find_model(run.model).preset(options);
  options.embedding_dim = 10;
  options.hidden_units = options.dual_mlp.second_hidden_units = {400, 400, 400};
  run.change(options);
  return options;
}

int64_t parameters(const std::string& model, const Schema& schema, const ModelOptions& options) {
  ParameterStore store(DType::f32, 1);
  GivenVectors none;
  auto made = find_model(model).make(Scope(store), {schema, none, options});
  return store.count_trainable();
}

class PairCounts : public testing::TestWithParam<Published> {};

TEST_P(PairCounts, AreThePublishedOnes) {
  const Published& run = GetParam();
  const Schema schema = run.data == "frappe" ? frappe() : movielens();
  EXPECT_EQ(parameters(run.model, schema, options_of(run)), run.count);
}

INSTANTIATE_TEST_SUITE_P(Runs, PairCounts, testing::ValuesIn(runs()),
                         [](const auto& info) { return info.param.model + "_" + info.param.data; });

// Without a logged count: FmFM is FM and a matrix or a vector for each of the 45 pairs. PNN's outer
// products add inputs to its first layer of 400 units, and their own weights.
TEST(PairCountsByFormula, OfPairWeights) {
  ModelOptions options = options_of({"fmfm", "frappe", 0});
  EXPECT_EQ(parameters("fmfm", frappe(), options), 59'280 + 45 * 100);
  options.fmfm.fmfm_weights = "vector";
  EXPECT_EQ(parameters("fmfm", frappe(), options), 59'280 + 45 * 10);
  options.pnn.pnn_product = "both";
  for (const auto& [kernel, weights] :
       {std::pair<const char*, int64_t>{"mat", 4500}, {"vec", 450}, {"num", 45}}) {
    options.pnn.pnn_kernel = kernel;
    EXPECT_EQ(parameters("pnn", frappe(), options), 433'491 + 45 * 400 + weights) << kernel;
  }
  options.pnn.pnn_product = "outer";
  options.pnn.pnn_kernel = "superposed";
  EXPECT_EQ(parameters("pnn", frappe(), options), 433'491 + (100 - 45) * 400);
}

}  // namespace
}  // namespace ctr
