// Numbers of parameters of MaskNet and FinalMLP as the published runs have them (BARS logs of
// Frappe_x1 and MovielensLatest_x1, with their tuned sizes).

#include <gtest/gtest.h>

#include "models/model.h"

namespace ctr {
namespace {

// Rows of the tables. Runs of FuxiCTR 1 have no padding row: `missing` 1.
Schema fields_of(const std::string& data, int64_t missing) {
  Schema schema;
  schema.name = data;
  auto add = [&](const char* name, int64_t rows) {
    schema.fields.push_back({name, FieldType::categorical, rows - missing});
  };
  if (data == "frappe") {
    add("user", 956), add("item", 4084), add("daytime", 9), add("weekday", 9), add("isweekend", 4);
    add("homework", 5), add("cost", 4), add("weather", 11), add("country", 82), add("city", 235);
  } else {
    add("user", 16977), add("item", 23606), add("tag", 49659);
  }
  return schema;
}

int64_t count(const std::string& model, const Schema& schema,
              const std::function<void(ModelOptions&)>& settings) {
  ModelOptions options;
  options.embedding_dim = 10;
  settings(options);
  GivenVectors none;
  ParameterStore store(DType::f32, 1);
  const auto made = find_model(model).make(Scope(store), {schema, none, options});
  return store.count_trainable();
}

TEST(ParametersOfStreams, MaskNet) {
  EXPECT_EQ(count("masknet", fields_of("frappe", 1),
                  [](ModelOptions& o) {
                    o.hidden_units = {400, 400, 400};
                    o.masknet.structure = "parallel";
                    o.masknet.blocks = 3;
                    o.masknet.block_width = 50;
                    o.masknet.reduction_ratio = 2;
                    o.masknet.embedding_norm = false;
                  }),
            571'691);
  EXPECT_EQ(count("masknet", fields_of("movielens", 1),
                  [](ModelOptions& o) {
                    o.hidden_units = {400, 400, 400};
                    o.masknet.reduction_ratio = 4;
                    o.masknet.embedding_norm = false;
                  }),
            2'624'541);
}

TEST(ParametersOfStreams, FinalMlp) {
  EXPECT_EQ(count("finalmlp", fields_of("frappe", 0),
                  [](ModelOptions& o) {
                    o.hidden_units = {400};
                    o.batch_norm = true;
                    o.finalmlp.units2 = {100};
                    o.finalmlp.gate_units = {400};
                    o.finalmlp.context1 = {"user"};
                    o.finalmlp.context2 = {"item"};
                    o.finalmlp.fusion_heads = 5;
                  }),
            253'392);
  EXPECT_EQ(count("finalmlp", fields_of("movielens", 0),
                  [](ModelOptions& o) {
                    o.hidden_units = {400};
                    o.batch_norm = true;
                    o.finalmlp.units2 = {800};
                    o.finalmlp.gate_units = {800};
                    o.finalmlp.fusion_heads = 10;
                  }),
            1'040'902);
}

}  // namespace
}  // namespace ctr
