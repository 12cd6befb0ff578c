// Models that tell the next item: closed-form numbers, causality, places among all items.

#include "models/next_item.h"

#include <cmath>
#include <cstring>
#include <functional>

#include <gtest/gtest.h>

#include "models/layers/dilated_net.h"
#include "models/layers/item_sampler.h"
#include "models/layers/item_sequence.h"
#include "ops/activation/activation.h"
#include "ops/gather/gather.h"
#include "ops/item_softmax/item_softmax.h"
#include "ops/optim/optimizer.h"
#include "ops/shaping/shaping.h"
#include "tests/message.h"
#include "tests/tools/closed_form.h"
#include "tools/model_check.h"

namespace ctr {
namespace {

using closed_form::Filler;
using closed_form::ids;
using closed_form::kItems;
using closed_form::kWidth;

TEST(ClosedForm, NumbersAreTheFormulas) {
  EXPECT_NEAR(closed_form::number(0, 0), 0.013155550230, 1e-12);
  EXPECT_NEAR(closed_form::number(0, 1), 0.435438036919, 1e-12);
  EXPECT_NEAR(closed_form::number(1, 0), -0.305097570643, 1e-12);
  EXPECT_NEAR(closed_form::number(17, 5), 0.714264928829, 1e-12);
}

// NextItNet on two rows of seven items.
struct Built {
  Schema schema;
  Batch batch;
  GivenVectors none;
  ParameterStore store{DType::f64, 1};
  std::unique_ptr<Model> model;

  explicit Built(const std::function<void(ModelOptions&)>& change = {}) {
    schema.name = "rows";
    schema.fields = {{"item", FieldType::sequence, kItems, FieldRole::none, true}};
    schema.fields[0].max_length = 7;
    batch.rows = 2;
    batch.fields = {{ids({14}, {3, 1, 4, 1, 5, 9, 2, 0, 0, 7, 2, 8, 6, 3}), ids({2}, {0, 7}), {}}};
    ModelOptions options;
    options.embedding_dim = kWidth;
    options.nextitnet.dilations = {1, 4};
    if (change) change(options);
    model = find_model("nextitnet").make(Scope(store), {schema, none, options});
    Filler(store).network();
  }
  double loss() { return loss_of(*model, batch).value().data<double>()[0]; }
};

void as_published(ModelOptions& o) {
  o.nextitnet.relu_head = true;
  o.next_item.padding_is_item = true;
}

TEST(ClosedForm, NextItemsOfEveryPlace) {
  Built built(as_published);
  Tape tape;
  const Var loss = loss_of(*built.model, built.batch);
  EXPECT_NEAR(loss.value().data<double>()[0], 2.467664883104, 1e-11);
  const Gradients gradients = backward(loss);
  closed_form::expect_norms(gradients, built.store,
                            {{"embedding/item", 1.165452106},
                             {"block/0/conv1/weight", 2.047150015},
                             {"block/0/conv1/bias", 1.076008689},
                             {"block/0/ln1/gamma", 0.1072025028},
                             {"block/0/ln1/beta", 0.1651620991},
                             {"block/0/conv2/weight", 1.310233912},
                             {"block/0/ln2/gamma", 0.1755384819},
                             {"block/1/conv1/weight", 0.9117448641},
                             {"block/1/conv2/weight", 0.514265102},
                             {"block/1/ln2/beta", 0.07695692937},
                             {"head/weight", 0.7623097342},
                             {"head/bias", 0.1720869481}});
  OptimizerOptions adam;
  adam.rule = "adam-tf";
  adam.learning_rate = 1e-3;
  adam.epsilon = 1e-8;
  Optimizer optimizer(adam);
  optimizer.step(built.store, gradients);
  EXPECT_NEAR(built.loss(), 2.408225567153, 1e-9);
}

TEST(ClosedForm, PaddingIsNoTarget) {
  Built built;
  Tape tape;
  const Var loss = loss_of(*built.model, built.batch);
  EXPECT_NEAR(loss.value().data<double>()[0], 2.464854665601, 1e-11);
  closed_form::expect_norms(backward(loss), built.store,
                            {{"embedding/item", 1.369311371},
                             {"block/0/conv1/weight", 2.39728728},
                             {"head/weight", 0.8267505345}});
}

// The layers alone: what a place sees, and the losses that the model makes of it.
struct Layers {
  ParameterStore store{DType::f64, 1};
  const Parameter* table;
  std::unique_ptr<DilatedNet> net;

  explicit Layers(bool causal) {
    const Scope scope(store);
    table = &scope.parameter("embedding/item", {kItems, kWidth}, Initializer::zeros());
    NextItNetOptions options;
    options.dilations = {1, 4};
    options.causal = causal;
    net = std::make_unique<DilatedNet>(DilatedScopes{scope, scope, scope}, kWidth, options);
    scope.table("head/weight", {kItems, kWidth}, Initializer::zeros());
    scope.table("head/bias", {kItems, 1}, Initializer::zeros());
    Filler(store).network();
  }
  // [2, 6, 8]
  Var h(const std::vector<int64_t>& rows = {3, 1, 4, 1, 5, 9, 0, 0, 7, 2, 8, 6}) const {
    return (*net)(gather(*table, ids({2, 6}, rows)));
  }
};

TEST(ClosedForm, WhatTheLastPlaceHolds) {
  const Tensor h = Layers(true).h().value();
  const double a[] = {0.9383444621, 1.3874652837, 1.8440342260, 0.6779757970,
                      0.0533122693, 2.1200699995, 0.4755947560, -0.3132640007};
  const double b[] = {0.1413574556,  1.7849937412, 1.5471688136, 0.3319160070,
                      -0.0140775710, 0.6200385744, 0.8007059760, 1.4326570847};
  for (int64_t i = 0; i < kWidth; ++i) {
    EXPECT_NEAR(h.data<double>()[5 * kWidth + i], a[i], 1e-9);
    EXPECT_NEAR(h.data<double>()[11 * kWidth + i], b[i], 1e-9);
  }
}

TEST(ClosedForm, SampledItems) {
  Layers layers(true);
  Filler(layers.store).plain("head/weight", 36, 0.3);
  Filler(layers.store).plain("head/bias", 0, 0, 0.1);
  const Tensor target = ids({12}, {1, 4, 1, 5, 9, 2, 0, 7, 2, 8, 6, 3});
  auto log_q = [](int64_t item) {
    return log_expected_count(log_uniform_probability(item, kItems), 3, 4);
  };
  ItemSample sample{ids({3}, {0, 2, 7}), Tensor({3}, DType::f64), Tensor({12}, DType::f64)};
  for (int64_t i = 0; i < 3; ++i)
    sample.log_expected.data<double>()[i] = log_q(sample.ids.data<int64_t>()[i]);
  for (int64_t i = 0; i < 12; ++i)
    sample.of_target.data<double>()[i] = log_q(target.data<int64_t>()[i]);
  Tape tape;
  const Var loss =
      sampled_cross_entropy(reshape(layers.h(), {12, kWidth}), *layers.store.find("head/weight"),
                            *layers.store.find("head/bias"), target, sample, {-1, 2});
  EXPECT_NEAR(loss.value().data<double>()[0], 1.139517452208, 1e-11);
  closed_form::expect_norms(backward(loss), layers.store,
                            {{"embedding/item", 1.46350643},
                             {"block/0/conv1/weight", 2.208206693},
                             {"head/weight", 1.075231102}});
}

TEST(ClosedForm, FromBothSides) {
  const Layers layers(false);
  const Var loss =
      item_cross_entropy(activate(reshape(layers.h(), {12, kWidth}), Activation::relu),
                         *layers.store.find("head/weight"), *layers.store.find("head/bias"),
                         ids({12}, {1, 4, 1, 5, 9, 2, 0, 7, 2, 8, 6, 3}), {-1, 4096});
  EXPECT_NEAR(loss.value().data<double>()[0], 2.480597287728, 1e-11);
}

TEST(NextItNet, DoesNotLookAhead) {
  const Layers layers(true);
  const Tensor before = layers.h().value();
  const Tensor after = layers.h({3, 1, 4, 7, 2, 2, 0, 0, 7, 2, 8, 1}).value();
  const auto same = [&](int64_t place) {
    return std::memcmp(before.data<double>() + place * kWidth,
                       after.data<double>() + place * kWidth, kWidth * sizeof(double)) == 0;
  };
  for (int64_t place : {0, 1, 2, 6, 7, 8, 9, 10}) EXPECT_TRUE(same(place)) << place;
  for (int64_t place : {3, 4, 5, 11}) EXPECT_FALSE(same(place)) << place;
}

// A row without items has constant vectors, which layer norm scales up most.
TEST(NextItNet, RowsWithoutItemsHaveFiniteGradients) {
  Built built;
  built.batch.fields[0] = {ids({2}, {4, 5}), ids({2}, {0, 0}), {}};
  for (const auto& parameter : built.store.all())
    if (parameter->name == "embedding/item")
      std::fill_n(parameter->value.data<double>(), kWidth, 0);
  Tape tape;
  const Var loss = loss_of(*built.model, built.batch);
  EXPECT_TRUE(std::isfinite(loss.value().data<double>()[0]));
  const Gradients gradients = backward(loss);
  for (const auto& parameter : built.store.all())
    EXPECT_TRUE(std::isfinite(closed_form::norm(gradients, built.store, parameter->name)));
}

TEST(NextItNet, ABatchWithoutTargetsIsNoLoss) {
  Built built;
  built.batch.fields[0] = {ids({0}, {}), ids({2}, {0, 0}), {}};
  Tape tape;
  const Var loss = loss_of(*built.model, built.batch);
  EXPECT_EQ(loss.value().data<double>()[0], 0);
  EXPECT_EQ(closed_form::norm(backward(loss), built.store, "head/weight"), 0);
}

TEST(NextItNet, BeginsWithinTwoDeviations) {
  Built built;
  ParameterStore fresh(DType::f64, 3);
  ModelOptions options;
  find_model("nextitnet").preset(options);
  find_model("nextitnet").make(Scope(fresh), {built.schema, built.none, options});
  double squares = 0, largest = 0;
  const Tensor& weight = fresh.find("block/0/conv1/weight")->value;
  for (double w : weight.span<double>()) {
    squares += w * w;
    largest = std::max(largest, std::abs(w));
  }
  EXPECT_LE(largest, 0.04);
  EXPECT_GT(largest, 0.039);
  EXPECT_NEAR(std::sqrt(squares / static_cast<double>(weight.count())), 0.0176, 0.0004);
}

// Corrected for their expected counts, samples give the full loss on average, nearly.
TEST(SampledLoss, ComesNearTheFullOne) {
  const double full = Built().loss();
  for (const char* kind : {"log-uniform", "uniform"}) {
    Built built([&](ModelOptions& o) {
      o.next_item.loss = "sampled";
      o.next_item.sampler = kind;
      o.next_item.samples = 9;  // all of them
    });
    EXPECT_NEAR(built.loss(), full, 0.2) << kind;
  }
}

// Counts grow once a step.
TEST(SampledLoss, CountsItemsInTraining) {
  Built built([](ModelOptions& o) {
    o.next_item.loss = "sampled";
    o.next_item.sampler = "counts";
  });
  const Tensor& counts = built.store.find("counts")->value;
  auto total = [&] {
    int64_t sum = 0;
    for (int64_t one : counts.span<int64_t>()) sum += one;
    return sum;
  };
  built.loss();
  EXPECT_EQ(total(), 0);  // not training
  built.store.mode().training = true;
  built.loss();
  built.loss();
  EXPECT_EQ(total(), 11);
  built.store.mode().step = 1;
  built.loss();
  EXPECT_EQ(total(), 22);
  EXPECT_EQ(counts.data<int64_t>()[0], 0);
}

// What follows a sequence is told where it was clicked: the row's item joins it.
TEST(Followed, TheClickedItemStandsAtTheEnd) {
  Schema schema;
  schema.fields = {{"clicks", FieldType::sequence, 9, FieldRole::none, true},
                   {"next", FieldType::categorical, 9, FieldRole::item, true}};
  schema.fields[0].max_length = 3;
  schema.fields[1].shares = "clicks";
  Batch batch;
  batch.rows = 2;
  batch.fields = {{ids({5}, {4, 5, 6, 7, 8}), ids({2}, {0, 3}), {}}, {ids({2}, {3, 2}), {}, {}}};
  batch.label = Tensor::from<double>({2}, std::vector<double>{1, 0});
  const GivenVectors none;
  const ModelOptions options;
  const ItemSequence sequence("test", {schema, none, options});
  EXPECT_EQ(sequence.table(), "clicks");
  EXPECT_EQ(sequence.item_field(), 1);
  const Tensor all = sequence.followed(batch);
  EXPECT_EQ(std::vector<int64_t>(all.span<int64_t>().begin(), all.span<int64_t>().end()),
            (std::vector<int64_t>{4, 5, 6, 3, 0, 0, 7, 8}));
}

// Twenty steps by the formulas; the network cuts them into pieces.
TEST(Gru4Rec, StepsThroughTheWholeSequence) {
  constexpr size_t kPlaces = 20, kIn = 3, kHidden = 2, kAll = 5;
  Schema schema;
  schema.fields = {{"item", FieldType::sequence, kAll, FieldRole::none, true}};
  schema.fields[0].max_length = kPlaces;
  std::vector<int64_t> row;
  for (int64_t t = 0; t < 20; ++t) row.push_back(1 + t * t % 4);
  Batch batch;
  batch.rows = 1;
  batch.fields = {{ids({20}, row), ids({1}, {0}), {}}};
  ModelOptions options;
  options.embedding_dim = kIn;
  options.embedding_deviation = 1;
  options.gru.hidden = kHidden;
  ParameterStore store(DType::f64, 2);
  const GivenVectors none;
  const auto model = find_model("gru4rec").make(Scope(store), {schema, none, options});
  for (const char* bias : {"gru/0/b_ih", "gru/0/b_hh"}) Filler(store).plain(bias, 3, 0.5);
  auto at = [&](const char* name) { return store.find(name)->value.data<double>(); };
  const Tensor z = model->logit(batch).value();  // [1, 20, 5]
  double h[kHidden] = {};
  for (size_t t = 0; t < kPlaces; ++t) {
    double of_input[3 * kHidden], of_state[3 * kHidden];
    for (size_t g = 0; g < 3 * kHidden; ++g) {
      of_input[g] = at("gru/0/b_ih")[g];
      of_state[g] = at("gru/0/b_hh")[g];
      for (size_t i = 0; i < kIn; ++i)
        of_input[g] += at("gru/0/w_ih")[g * kIn + i] *
                       at("embedding/item")[static_cast<size_t>(row[t]) * kIn + i];
      for (size_t i = 0; i < kHidden; ++i) of_state[g] += at("gru/0/w_hh")[g * kHidden + i] * h[i];
    }
    for (size_t i = 0; i < kHidden; ++i) {
      auto gate = [&](size_t k) { return 1 / (1 + std::exp(-of_input[k] - of_state[k])); };
      const double n = std::tanh(of_input[4 + i] + gate(i) * of_state[4 + i]);
      h[i] = (1 - gate(2 + i)) * n + gate(2 + i) * h[i];
    }
    for (size_t v = 0; v < kAll; ++v)
      EXPECT_NEAR(z.data<double>()[t * kAll + v],
                  at("head/weight")[v * kHidden] * h[0] + at("head/weight")[v * kHidden + 1] * h[1],
                  1e-12);
  }
}

TEST(NextItNet, RefusesWhatDoesNotFit) {
  EXPECT_EQ(message([] { Built([](ModelOptions& o) { o.next_item.sequence_field = "itm"; }); }),
            "data set 'rows' has no field 'itm'; did you mean 'item'?");
  EXPECT_EQ(message([] {
              Built([](ModelOptions& o) {
                o.nextitnet.causal = false;
                o.nextitnet.kernel = 2;
              }).loss();
            }),
            "conv1d: 2 taps have none in the middle; an odd number lies around a place, or make it "
            "causal");
  EXPECT_EQ(message([] {
              Built([](ModelOptions& o) {
                o.nextitnet.block = "a";
                o.embedding_dim = 7;
              });
            }),
            "nextitnet: block a halves the width, and 7 is odd; set --embedding-dim");
  EXPECT_EQ(message([] { Built([](ModelOptions& o) { o.embedding.kind = "hash"; }); }),
            "nextitnet: items have a vector each; --embeddings hash does not go with it");
  const SmallProblem clicks = small_problem();
  Schema schema = clicks.schema;
  schema.fields.erase(schema.fields.begin() + 3);
  EXPECT_EQ(
      message([&] {
        GivenVectors none;
        ParameterStore store(DType::f32, 1);
        find_model("nextitnet").make(Scope(store), {schema, none, ModelOptions()});
      }),
      "nextitnet: data set 'small' has no sequence of items; prepare it with one that shares the "
      "item's vocabulary (docs/data.md, Fields)");
}

}  // namespace
}  // namespace ctr
