// PeterRec: closed-form numbers of every insertion, patches that begin as nothing, and what stays
// frozen.

#include <cmath>
#include <cstring>
#include <functional>
#include <map>

#include <gtest/gtest.h>

#include "engine/profile.h"
#include "models/layers/target_sampler.h"
#include "ops/optim/optimizer.h"
#include "tests/message.h"
#include "tests/tools/closed_form.h"
#include "tools/model_check.h"

namespace ctr {
namespace {

using closed_form::ids;
using closed_form::kItems;
using closed_form::kWidth;

// Two rows of six items, a target that was chosen and one that was not.
struct Built {
  Schema schema;
  Batch batch;
  GivenVectors none;
  ParameterStore store{DType::f64, 1};
  std::unique_ptr<Model> model;

  explicit Built(const std::function<void(ModelOptions&)>& change = {}, bool fill = true) {
    schema.name = "rows";
    schema.fields = {{"item", FieldType::sequence, kItems, FieldRole::none, true},
                     {"chosen", FieldType::categorical, 6, FieldRole::item},
                     {"other", FieldType::categorical, 6}};
    schema.fields[0].max_length = 6;
    batch.rows = 2;
    batch.fields = {{ids({12}, {3, 1, 4, 1, 5, 9, 0, 0, 7, 2, 8, 6}), ids({2}, {0, 6}), {}},
                    {ids({2}, {2, 5}), {}, {}},
                    {ids({2}, {4, 1}), {}, {}}};
    batch.label = Tensor::from<double>({2}, std::vector<double>{1, 0});
    batch.labels = {batch.label};
    ModelOptions options;
    options.embedding_dim = kWidth;
    options.nextitnet.dilations = {1, 4};
    options.peter.bottleneck = 2;
    options.peter.cls = "frozen_row_0";
    options.peter.negative_field = "other";
    if (change) change(options);
    model = find_model("peterrec").make(Scope(store), {schema, none, options});
    if (fill) closed_form::Filler(store).network();
  }
  double loss() const { return loss_of(*model, batch).value().data<double>()[0]; }
};

struct Case {
  const char* name;
  const char* insertion;
  bool skip, causal;
  double bce, penalised, bpr;
};
void PrintTo(const Case& one, std::ostream* out) { *out << one.name; }

class Insertions : public testing::TestWithParam<Case> {};

TEST_P(Insertions, HaveTheirClosedFormLosses) {
  const Case& c = GetParam();
  auto loss = [&](const char* kind, double l2) {
    return Built([&](ModelOptions& o) {
             o.peter.insertion = c.insertion;
             o.peter.inner_skip = c.skip;
             o.nextitnet.causal = c.causal;
             o.peter.loss = kind;
             o.peter.l2 = l2;
           })
        .loss();
  };
  EXPECT_NEAR(loss("bce", 0), c.bce, 1e-11);
  EXPECT_NEAR(loss("bce", 0.02), c.penalised, 1e-11);
  EXPECT_NEAR(loss("bpr", 0), c.bpr, 1e-11);
}

INSTANTIATE_TEST_SUITE_P(ClosedForm, Insertions,
                         testing::Values(Case{"none_causal", "none", true, true, 0.926308250425,
                                              0.967029045965, 0.517138929507},
                                         Case{"none", "none", true, false, 2.900537498760,
                                              2.941258294300, 1.966231756765},
                                         Case{"serial2_causal", "serial2", true, true,
                                              0.460665550728, 0.501386346268, 0.106901661520},
                                         Case{"serial2", "serial2", true, false, 2.178046369657,
                                              2.218767165197, 1.411678859209},
                                         Case{"parallel2_skip_causal", "parallel2", true, true,
                                              0.282552516795, 0.323273312335, 0.026343304954},
                                         Case{"parallel2_skip", "parallel2", true, false,
                                              0.080855046695, 0.121575842235, 0.002344792168},
                                         Case{"parallel2_causal", "parallel2", false, true,
                                              0.414540045230, 0.455260840770, 0.083673727011},
                                         Case{"parallel2", "parallel2", false, false,
                                              2.121273149486, 2.161993945026, 1.333834250766}),
                         [](const auto& info) { return std::string(info.param.name); });

// Row 0 is a click on target 2, row 1 none.
TEST(Softmax, TellsTheChosenTargetAmongAll) {
  Built built([](ModelOptions& o) {
    o.peter.loss = "softmax";
    o.peter.negative_field = "";
    o.next_item.chunk = 2;
  });
  std::vector<double> scores;
  for (int64_t y = 0; y < 6; ++y) {
    built.batch.fields[1].ids = ids({2}, {y, y});
    const NoGradient off;
    scores.push_back(built.model->logit(built.batch).value().data<double>()[0]);
  }
  double all = 0;
  for (double s : scores) all += std::exp(s);
  built.batch.fields[1].ids = ids({2}, {2, 5});
  EXPECT_NEAR(built.loss(), std::log(all) - scores[2], 1e-11);
}

TEST(Negatives, AreDrawnForClickedRowsAlone) {
  for (const char* loss : {"bce", "bpr"}) {
    Built built([loss](ModelOptions& o) {
      o.peter.loss = loss;
      o.peter.negative_field = "";
      o.peter.negatives = "uniform";
    });
    auto score = [&](int64_t y) {
      const NoGradient off;
      Batch batch = built.batch;
      batch.fields[1].ids = ids({2}, {y, y});
      return built.model->logit(batch).value().data<double>()[0];
    };
    auto softplus = [](double x) { return std::log1p(std::exp(x)); };
    const double found = built.loss();
    int64_t fits = 0;  // other targets that give this loss
    for (int64_t y = 1; y < 6; ++y) {
      if (y == 2) continue;
      const double expected = std::string(loss) == "bpr" ? softplus(score(y) - score(2))
                                                         : softplus(-score(2)) + softplus(score(y));
      fits += std::abs(expected - found) < 1e-11 ? 1 : 0;
    }
    EXPECT_EQ(fits, 1) << loss;
    built.store.mode().step = 3;
    EXPECT_NE(built.loss(), found) << loss << ": another step draws anew";
  }
}

TEST(Negatives, PopularOnesComeMoreOftenByLambda) {
  constexpr int64_t kCount = 200'000, kTargets = 20;
  const RandomStream random{5, 6, 7};
  const Tensor chosen = ids({kCount}, std::vector<int64_t>(kCount, 3));
  for (const char* kind : {"uniform", "lambda"}) {
    const TargetSampler sampler(kind, 2, 2 + kTargets, 0.3);
    std::vector<double> expected(kTargets), seen(kTargets);
    double sum = 0;
    for (int64_t r = 0; r < kTargets; ++r) {
      expected[static_cast<size_t>(r)] = std::string(kind) == "lambda"
                                             ? std::exp(-(static_cast<double>(r) + 1) / (0.3 * 20))
                                             : (r == 1 ? 0 : 1);
      sum += expected[static_cast<size_t>(r)];
    }
    const Tensor drawn = sampler.draw(random, chosen);
    for (int64_t id : drawn.span<int64_t>()) seen.at(static_cast<size_t>(id - 2)) += 1;
    for (size_t r = 0; r < kTargets; ++r) {
      const double p = expected[r] / sum;
      EXPECT_NEAR(seen[r] / kCount, p, 5 * std::sqrt(p / kCount) + 1e-12) << kind << " rank " << r;
    }
  }
}

// Names of what is trained.
std::string trained(const char* train) {
  const Built built([train](ModelOptions& o) {
    o.peter.train = train;
    o.peter.insertion = "none";
    o.peter.negative_field = "";
  });
  std::string names;
  for (const auto& parameter : built.store.all())
    if (!parameter->frozen) names += (names.empty() ? "" : " ") + parameter->name;
  return names;
}

TEST(Trained, IsWhatTheOptionSays) {
  EXPECT_EQ(trained("head"), "target/weight");
  EXPECT_EQ(trained("last1"),
            "block/1/conv2/weight block/1/conv2/bias block/1/ln2/gamma block/1/ln2/beta "
            "target/weight");
  EXPECT_EQ(trained("last2"),
            "block/1/conv1/weight block/1/conv1/bias block/1/ln1/gamma block/1/ln1/beta "
            "block/1/conv2/weight block/1/conv2/bias block/1/ln2/gamma block/1/ln2/beta "
            "target/weight");
  EXPECT_EQ(trained("patches"),
            "block/0/ln2/gamma block/0/ln2/beta block/1/ln2/gamma block/1/ln2/beta target/weight");
  EXPECT_NE(trained("all").find("embedding/item"), std::string::npos);
}

TEST(SourceWeight, AddsTheLossOfTheNextClicks) {
  auto loss = [](double weight) {
    return Built([weight](ModelOptions& o) {
             o.peter.train = "all";
             o.peter.source_weight = weight;
           })
        .loss();
  };
  const double none = loss(0), once = loss(1);
  EXPECT_GT(once, none);
  EXPECT_NEAR(loss(3) - none, 3 * (once - none), 1e-9);
}

TEST(ClosedForm, GradientsOfPatches) {
  const std::map<std::string, std::vector<double>> expected = {
      {"serial2",
       {0.2861093818, 0.1425588956, 0.1097387423, 8.677962056, 0.04319619777, 0.8006854581,
        0.9272759249}},
      {"parallel2",
       {0.2268340507, 0.03703580035, 0.03495501513, 0.3774857367, 0.02917930096, 0.1485707647,
        0.752478797}}};
  const char* names[] = {
      "block/0/ln2/gamma",     "block/0/mp1/down/0/weight", "block/0/mp1/up/0/weight",
      "block/0/mp1/up/0/bias", "block/1/mp2/down/0/weight", "block/1/mp2/up/0/bias",
      "target/weight"};
  for (const auto& [insertion, norms] : expected) {
    Built built([&insertion = insertion](ModelOptions& o) {
      o.peter.insertion = insertion;
      o.peter.l2 = 0.02;
    });
    Tape tape;
    const Gradients gradients = backward(loss_of(*built.model, built.batch));
    for (size_t i = 0; i < norms.size(); ++i)
      closed_form::expect_norms(gradients, built.store, {{names[i], norms[i]}});
  }
}

// As they are made, patches add nothing: the logits are those of the network without them.
TEST(Patches, BeginAsNothing) {
  struct Place {
    const char* insertion;
    bool skip;
  };
  for (const Place& place : {Place{"serial2", true}, Place{"serial1", true},
                             Place{"parallel2", false}, Place{"beside_block", false}}) {
    auto logits = [](const char* insertion, bool skip) {
      const Built built(
          [=](ModelOptions& o) {
            o.peter.insertion = insertion;
            o.peter.inner_skip = skip;
            o.embedding_deviation = 0.3;
          },
          false);
      return built.model->logits(built.batch)[0].value().clone();
    };
    const Tensor with = logits(place.insertion, place.skip), without = logits("none", true);
    EXPECT_NE(without.data<double>()[0], 0);
    EXPECT_EQ(std::memcmp(with.raw(), without.raw(), static_cast<size_t>(with.bytes())), 0)
        << place.insertion;
  }
}

// At the published sizes: numbers in a patch over those in a dilated convolution.
TEST(Patches, AreSmall) {
  for (const int64_t width : {64, 128, 256}) {
    const Built built(
        [=](ModelOptions& o) {
          o.embedding_dim = width;
          o.peter = PeterOptions();
        },
        false);
    auto numbers = [&](const std::string& below) {
      int64_t count = 0;
      for (const auto& parameter : built.store.all())
        if (parameter->name.starts_with(below)) count += parameter->value.count();
      return count;
    };
    const int64_t patch = numbers("block/0/mp1/"), convolution = numbers("block/0/conv1/");
    EXPECT_EQ(convolution, 3 * width * width + width);
    EXPECT_EQ(patch, 2 * (width / 8) * width + width / 8 + width);
    EXPECT_LT(10 * patch, convolution);
  }
}

TEST(PeterRec, LeavesTheNetworkAsItWas) {
  Built built([](ModelOptions& o) { o.peter.cls = "trainable"; });
  std::map<std::string, Tensor> before;
  for (const auto& parameter : built.store.all())
    before[parameter->name] = parameter->value.clone();
  Optimizer optimizer{OptimizerOptions()};
  for (int step = 0; step < 5; ++step) {
    Tape tape;
    optimizer.step(built.store, backward(loss_of(*built.model, built.batch)));
  }
  for (const auto& parameter : built.store.all()) {
    const std::string& name = parameter->name;
    const bool trained = name.find("/mp") != std::string::npos || name == "cls" ||
                         name.find("/ln2/") != std::string::npos || name == "target/weight";
    EXPECT_EQ(parameter->frozen, !trained) << name;
    const bool same = std::memcmp(parameter->value.raw(), before[name].raw(),
                                  static_cast<size_t>(before[name].bytes())) == 0;
    EXPECT_EQ(same, !trained) << name;
  }
}

// Products of convolutions: forward, and of the data's gradient where something trained lies below.
// None is of a weight's gradient.
TEST(PeterRec, DoesNoWorkBelowWhatItTrains) {
  struct Place {
    const char* cls;
    const char* insertion;
    int backward;  // of four convolutions
  };
  for (const Place& place :
       {Place{"frozen_row_0", "serial2", 3}, Place{"frozen_row_0", "serial1", 2},
        Place{"trainable", "serial2", 4}}) {
    Built built([&](ModelOptions& o) {
      o.peter.cls = place.cls;
      o.peter.insertion = place.insertion;
      o.nextitnet.dilations = {1, 1};  // all taps see places
    });
    int forward = 0, data = 0, weight = 0;
    {
      Profile profile;
      Tape tape;
      backward(loss_of(*built.model, built.batch));
      for (const Product& product : profile.products()) {
        const bool wide = product.inner > kWidth && product.inner <= 3 * kWidth;
        if (product.transpose_a && product.cols > kWidth) ++weight;
        if (!product.transpose_a && wide) ++(product.transpose_b ? forward : data);
      }
    }
    EXPECT_EQ(forward, 4);
    EXPECT_EQ(data, place.backward) << place.cls << ' ' << place.insertion;
    EXPECT_EQ(weight, 0);
  }
}

TEST(PeterRec, LearnsFromLabelsToo) {
  const Built pairs([](ModelOptions& o) { o.peter.loss = "bce"; });
  const Built labels([](ModelOptions& o) { o.peter.negative_field = ""; });
  const std::vector<Var> s = pairs.model->logits(pairs.batch);
  const double* z = s[0].value().data<double>();
  const double expected = (std::log1p(std::exp(-z[0])) + std::log1p(std::exp(z[1]))) / 2;
  EXPECT_NEAR(labels.loss(), expected, 1e-12);
  EXPECT_EQ(labels.model->logits(labels.batch).size(), 1U);
}

TEST(PeterRec, RefusesWhatDoesNotFit) {
  EXPECT_EQ(message([] { Built([](ModelOptions& o) { o.nextitnet.block = "a"; }); }),
            "peterrec: patches go into block b; set --next-block b");
  EXPECT_EQ(message([] { Built([](ModelOptions& o) { o.peter.bottleneck = 9; }); }),
            "peterrec: a bottleneck of 9 is wider than the network's 8; set --peter-bottleneck");
  EXPECT_EQ(message([] {
              Built([](ModelOptions& o) {
                o.peter.negative_field = "";
                o.peter.loss = "bpr";
              });
            }),
            "peterrec: --peter-loss bpr needs pairs; set --peter-negatives uniform, or "
            "--peter-negative-field");
  EXPECT_EQ(message([] { Built([](ModelOptions& o) { o.peter.negative_field = "item"; }); }),
            "peterrec: 'item' must be a field of one of the 6 targets; set --peter-negative-field");
}

}  // namespace
}  // namespace ctr
