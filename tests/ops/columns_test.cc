// Gradients into frozen inputs beside trained ones are not computed.

#include <gtest/gtest.h>

#include "engine/rng.h"
#include "ops/gather/gather.h"
#include "ops/linear/linear.h"
#include "ops/shaping/shaping.h"

namespace ctr {
namespace {

Tensor random_tensor(const Shape& shape, uint64_t stream) {
  Tensor result(shape, DType::f64);
  const RandomStream random{3, stream, 0};
  for (int64_t i = 0; i < result.count(); ++i)
    result.data<double>()[i] = random.normal(static_cast<uint64_t>(i));
  return result;
}

// y = x, telling which columns of its gradient are needed.
Var probe(const Var& x, ColumnRange& seen) {
  return record("probe", x.value(), {x}, [&seen](const Tensor& dy, GradientSink& sink) {
    seen = sink.columns(0);
    sink.put(0, dy);
  });
}

TEST(Columns, OfAConcatAreThoseOfItsTrainedParts) {
  Tape tape;
  const Var frozen(random_tensor({4, 3}, 1)), trained = tape.variable(random_tensor({4, 2}, 2));
  const Var after(random_tensor({4, 5}, 3));
  ColumnRange seen;
  const Var y = probe(concat(std::vector<Var>{frozen, trained, after}), seen);
  backward(y, {.upstream = random_tensor({4, 10}, 4)});
  EXPECT_EQ(seen.begin, 3);
  EXPECT_EQ(seen.end, 5);
}

TEST(Columns, AreAllWhenTheGradientIsAskedForItself) {
  Tape tape;
  const Var frozen(random_tensor({4, 3}, 1)), trained = tape.variable(random_tensor({4, 2}, 2));
  const Var x = concat(std::vector<Var>{frozen, trained});
  ColumnRange seen;
  const Var y = probe(x, seen);
  backward(y, {.upstream = random_tensor({4, 5}, 4), .retain = true, .stop_at = {x}});
  EXPECT_EQ(seen.begin, 0);
  EXPECT_EQ(seen.end, 5);
  backward(y, {.upstream = random_tensor({4, 5}, 4), .only = {x}});
  EXPECT_EQ(seen.begin, 0);
}

// The tables' gradients through gather, reshape and linear are those of a pass that skips nothing.
TEST(Columns, LeaveTheGradientsAsTheyWere) {
  const std::vector<Tensor> values = {random_tensor({6, 4}, 1), random_tensor({5, 4}, 2),
                                      random_tensor({7, 4}, 3)};
  const std::vector<Tensor> ids = {Tensor::from<int64_t>({3}, {0, 5, 5}),
                                   Tensor::from<int64_t>({3}, {4, 1, 4}),
                                   Tensor::from<int64_t>({3}, {6, 0, 2})};
  for (WeightLayout layout : {WeightLayout::out_in, WeightLayout::in_out}) {
    const bool out_in = layout == WeightLayout::out_in;
    const Tensor weight = random_tensor(out_in ? Shape{5, 12} : Shape{12, 5}, 4);
    std::vector<Tensor> found;
    for (bool all : {true, false}) {
      Tape tape;
      std::vector<Lookup> lookups;
      for (size_t f = 0; f < 3; ++f)
        lookups.push_back({all || f == 1 ? tape.variable(values[f]) : Var(values[f]), ids[f]});
      ColumnRange seen;
      const Var x = probe(flatten(gather_fields(lookups)), seen);
      const Var y = linear(x, Var(weight), Var(), {Activation::identity, layout});
      const Gradients gradients = backward(y, {.upstream = random_tensor({3, 5}, 5)});
      EXPECT_EQ(seen.begin, all ? 0 : 4);
      EXPECT_EQ(seen.end, all ? 12 : 8);
      found.push_back(to_dense(gradients[lookups[1].table].rows()));
      EXPECT_EQ(gradients[lookups[0].table].empty(), !all);
    }
    for (int64_t i = 0; i < found[0].count(); ++i)
      EXPECT_EQ(found[0].data<double>()[i], found[1].data<double>()[i]);
  }
}

}  // namespace
}  // namespace ctr
