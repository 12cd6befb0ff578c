// A dilated network at its last places alone is the network at all of them, there.

#include <cmath>

#include <gtest/gtest.h>

#include "engine/rng.h"
#include "models/layers/dilated_net.h"
#include "ops/elementwise/elementwise.h"
#include "ops/reduce/reduce.h"
#include "ops/shaping/shaping.h"

namespace ctr {
namespace {

constexpr int64_t kRows = 3, kWidth = 8;

struct Network {
  ParameterStore store{DType::f64, 1};
  NextItNetOptions options;
  PeterOptions patches;
  std::unique_ptr<DilatedNet> net;

  Network(const std::string& block, const std::string& insertion) {
    options.block = block;
    options.dilations = {1, 2, 4, 1};
    patches.insertion = insertion;
    patches.bottleneck = 2;
    const Scope scope(store);
    net = std::make_unique<DilatedNet>(DilatedScopes{scope, scope, scope}, kWidth, options,
                                       insertion == "none" ? nullptr : &patches);
    for (const auto& parameter : store.all())
      for (int64_t i = 0; i < parameter->value.count(); ++i)
        parameter->value.data<double>()[i] += 0.3 * std::sin(1.7 * static_cast<double>(i) + 0.4);
  }

  // Of the weighed sum of the result's last places.
  Gradients gradients(const Parameter& x, int64_t places, bool alone, Tensor& y) const {
    const Tape tape;
    const Var h = tail(alone ? (*net)(x, places) : (*net)(x), places, 1);
    y = h.value();
    Tensor weight(y.shape(), DType::f64);
    for (int64_t i = 0; i < y.count(); ++i)
      weight.data<double>()[i] = std::cos(0.9 * static_cast<double>(i));
    return backward(sum(reshape(h * Var(weight), {1, y.count()}), -1));
  }
};

void expect_equal(const Tensor& a, const Tensor& b, const std::string& what) {
  ASSERT_EQ(a.shape(), b.shape()) << what;
  for (int64_t i = 0; i < a.count(); ++i)
    EXPECT_NEAR(a.data<double>()[i], b.data<double>()[i], 1e-12) << what << ' ' << i;
}

struct Case {
  const char *block, *insertion;
};
void PrintTo(const Case& one, std::ostream* out) { *out << one.block << ' ' << one.insertion; }

class LastPlaces : public testing::TestWithParam<Case> {};

TEST_P(LastPlaces, AreThoseOfAllPlaces) {
  const Network network(GetParam().block, GetParam().insertion);
  const RandomStream random{3, 1, 0};
  for (const int64_t length : {60, 20, 5, 1}) {
    Parameter x{"x", Tensor({kRows, length, kWidth}, DType::f64)};
    for (int64_t i = 0; i < x.value.count(); ++i)
      x.value.data<double>()[i] = random.normal(static_cast<uint64_t>(i));
    for (const int64_t places : {int64_t{1}, std::min<int64_t>(4, length)}) {
      SCOPED_TRACE(testing::Message() << length << " places, the last " << places);
      Tensor all, alone;
      const Gradients expected = network.gradients(x, places, false, all);
      const Gradients found = network.gradients(x, places, true, alone);
      expect_equal(alone, all, "y");
      expect_equal(found[x].dense(), expected[x].dense(), "x");
      for (const auto& parameter : network.store.all())
        expect_equal(found[*parameter].dense(), expected[*parameter].dense(), parameter->name);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, LastPlaces,
                         testing::Values(Case{"b", "none"}, Case{"b", "serial2"},
                                         Case{"b", "serial1"}, Case{"b", "parallel2"},
                                         Case{"b", "beside_block"}, Case{"a", "none"}),
                         [](const auto& info) {
                           return fmt::format("{}_{}", info.param.block, info.param.insertion);
                         });

}  // namespace
}  // namespace ctr
