// Numbers of trained parameters of xDeepFM, AutoInt, AFN and DeepIM at the sizes of the published
// runs (BARS, *_x1 data sets, d = 10), against the numbers that those runs logged.

#include <gtest/gtest.h>

#include "models/model.h"

namespace ctr {
namespace {

struct DataSet {
  int64_t categorical, numeric;
  int64_t ids;  // V, numbers counted as one each
};
constexpr DataSet kCriteo{26, 13, 2086316}, kFrappe{10, 0, 5389}, kMovielens{3, 0, 90239};

struct Case {
  std::string name;
  std::string model;
  DataSet data;
  std::vector<std::pair<std::string, std::string>> options;
  int64_t expected;
  bool split_ids = false;  // build the tables at full size
};

void PrintTo(const Case& one, std::ostream* out) { *out << one.name; }

int64_t trained(const Case& one, int64_t ids) {
  Schema schema;
  schema.name = "counted";
  const int64_t categorical = ids - one.data.numeric;
  for (int64_t f = 0; f < one.data.categorical; ++f) {
    const int64_t share = categorical / one.data.categorical;
    const int64_t rest = f == 0 ? categorical % one.data.categorical : 0;
    schema.fields.push_back({"c" + std::to_string(f), FieldType::categorical, share + rest});
  }
  for (int64_t f = 0; f < one.data.numeric; ++f)
    schema.fields.push_back({"n" + std::to_string(f), FieldType::numeric});
  ModelOptions options;
  const ModelInfo& info = find_model(one.model);
  info.preset(options);
  OptionList list = options.list();
  list.set("embedding_dim", "10", "test");
  for (const auto& [name, value] : one.options) list.set(name, value, "test");
  const GivenVectors none;
  ParameterStore store(DType::f32, 1);
  const auto model = info.make(Scope(store), {schema, none, options});
  return store.count_trainable();
}

class PublishedCount : public testing::TestWithParam<Case> {};

// Large tables are counted from two small models: every further id adds the same.
TEST_P(PublishedCount, IsTheLoggedOne) {
  const Case& one = GetParam();
  if (one.split_ids) {
    EXPECT_EQ(trained(one, one.data.ids), one.expected);
    return;
  }
  const int64_t fields = one.data.categorical + one.data.numeric;
  const int64_t small = trained(one, fields), larger = trained(one, fields + 1);
  EXPECT_EQ(small + (one.data.ids - fields) * (larger - small), one.expected);
}

using Options = std::vector<std::pair<std::string, std::string>>;

Options with(Options all, const Options& more) {
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

std::vector<Case> cases() {
  const Options no_mlp{{"hidden_units", ""}};
  const Options mlp{{"hidden_units", "400,400,400"}};
  const Options mlp_bn = with(mlp, {{"batch_norm", "true"}});
  auto attention = [](const char* layers, const char* dim, const char* heads) {
    return Options{{"autoint_layers", layers}, {"autoint_dim", dim}, {"autoint_heads", heads}};
  };
  const Options norm_wide{{"autoint_layer_norm", "before"}, {"autoint_wide", "true"}};
  const Options norm{{"autoint_layer_norm", "before"}};
  auto afn = [](const char* neurons, const char* units) {
    return Options{{"logarithmic_neurons", neurons}, {"afn_hidden_units", units}};
  };
  const Options alone{{"afn_ensemble", "false"}};
  auto im = [](const char* order, const char* norm) {
    return Options{{"im_order", order}, {"im_batch_norm", norm}};
  };
  return {
      {"CinCriteo", "xdeepfm", kCriteo, with(no_mlp, {{"cin_units", "32,32,32,32,32"}}), 23158213},
      {"CinFrappe", "xdeepfm", kFrappe, with(no_mlp, {{"cin_units", "64,64,64"}}), 147984, true},
      {"CinMovielens", "xdeepfm", kMovielens, with(no_mlp, {{"cin_units", "32,32,32,32"}}), 1002390,
       true},
      {"XDeepFmCriteo", "xdeepfm", kCriteo, with(mlp, {{"cin_units", "16,16"}}), 23461462},
      {"XDeepFmFrappe", "xdeepfm", kFrappe, with(mlp_bn, {{"cin_units", "64"}}), 429809, true},
      {"XDeepFmMovielens", "xdeepfm", kMovielens, with(mlp, {{"cin_units", "64,64,64"}}), 1351767},
      {"AutoIntCriteo", "autoint", kCriteo,
       with(with(no_mlp, attention("3", "256", "4")), norm_wide), 23364453},
      {"AutoIntFrappe", "autoint", kFrappe, with(no_mlp, attention("6", "128", "4")), 306051, true},
      {"AutoIntMovielens", "autoint", kMovielens,
       with(with(no_mlp, attention("2", "128", "4")), norm_wide), 1047798},
      {"AutoIntPlusCriteo", "autoint", kCriteo,
       with(with(mlp_bn, attention("3", "256", "2")), norm_wide), 23844454},
      {"AutoIntPlusFrappe", "autoint", kFrappe,
       with(with(mlp_bn, attention("5", "128", "4")), norm), 622180, true},
      {"AutoIntPlusMovielens", "autoint", kMovielens,
       with(with(mlp_bn, attention("2", "128", "4")), norm_wide), 1383799},
      {"AfnCriteo", "afn", kCriteo, with(afn("400", "800"), alone), 24081239},
      {"AfnFrappe", "afn", kFrappe, with(afn("1000", "400"), alone), 4066711, true},
      {"AfnMovielens", "afn", kMovielens, with(afn("800", "200"), alone), 2506797},
      {"AfnPlusCriteo", "afn", kCriteo, with(afn("100", "200"), mlp_bn), 42411303},
      {"AfnPlusFrappe", "afn", kFrappe, with(afn("1000", "400"), mlp), 4482205, true},
      {"AfnPlusMovielens", "afn", kMovielens, with(afn("800", "200"), mlp), 3742791},
      {"DeepImCriteo", "deepim", kCriteo, with(im("3", "true"), mlp_bn), 21343252},
      {"DeepImFrappe", "deepim", kFrappe, with(im("3", "false"), mlp_bn), 417922, true},
      {"DeepImMovielens", "deepim", kMovielens, with(im("5", "true"), mlp_bn), 1238542}};
}

INSTANTIATE_TEST_SUITE_P(Inter, PublishedCount, testing::ValuesIn(cases()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace ctr
