#include "autograd/tape.h"

#include <gtest/gtest.h>

#include "engine/error.h"

namespace ctr {
namespace {

Tensor numbers(std::vector<double> values) {
  return Tensor::from<double>({static_cast<int64_t>(values.size())}, values);
}

// y = factor x, counting its backward calls.
Var times(const Var& x, double factor, int* calls = nullptr) {
  Tensor y = x.value().clone();
  for (int64_t i = 0; i < y.count(); ++i) y.data<double>()[i] *= factor;
  return record("times", y, {x}, [factor, calls](const Tensor& dy, GradientSink& sink) {
    if (calls != nullptr) ++*calls;
    Tensor dx = dy.clone();
    for (int64_t i = 0; i < dx.count(); ++i) dx.data<double>()[i] *= factor;
    sink.put(0, dx);
  });
}

Var plus(const Var& a, const Var& b) {
  Tensor y = a.value().clone();
  for (int64_t i = 0; i < y.count(); ++i) y.data<double>()[i] += b.value().data<double>()[i];
  return record("plus", y, {a, b}, [](const Tensor& dy, GradientSink& sink) {
    sink.put(0, dy);
    sink.put(1, dy);
  });
}

double first(const Gradient& gradient) { return gradient.dense().data<double>()[0]; }

TEST(Tape, AddsUpWhatFansOut) {
  Tape tape;
  Var x = tape.variable(numbers({2}));
  Var y = plus(plus(x, x), times(x, 5));  // 7 x; both inputs of the first share one buffer
  EXPECT_EQ(first(backward(y)[x]), 7);
}

TEST(Tape, RetainAllowsAnotherPass) {
  Tape tape;
  Var x = tape.variable(numbers({1}));
  Var y = times(times(x, 3), 2);
  EXPECT_EQ(first(backward(y, {.upstream = {}, .retain = true, .stop_at = {}, .only = {}})[x]), 6);
  EXPECT_EQ(first(backward(y)[x]), 6);
  EXPECT_THROW(backward(y), Error);
}

TEST(Tape, StopsWhereAsked) {
  Tape tape;
  int calls = 0;
  Var x = tape.variable(numbers({1}));
  Var middle = times(x, 3, &calls);
  Var y = times(middle, 2);
  Gradients gradients =
      backward(y, {.upstream = {}, .retain = true, .stop_at = {middle}, .only = {}});
  EXPECT_EQ(first(gradients[middle]), 2);
  EXPECT_TRUE(gradients[x].empty());
  EXPECT_EQ(calls, 0);
}

TEST(Tape, ComputesOnlyWhatIsAskedFor) {
  Tape tape;
  int calls = 0;
  Var a = tape.variable(numbers({1}));
  Var b = tape.variable(numbers({1}));
  Var left = times(a, 3, &calls);
  Var y = plus(left, times(b, 4));
  Gradients gradients = backward(y, {.upstream = {}, .retain = true, .stop_at = {}, .only = {b}});
  EXPECT_EQ(first(gradients[b]), 4);
  EXPECT_TRUE(gradients[a].empty());
  EXPECT_EQ(calls, 0);
  Gradients activation =
      backward(y, {.upstream = {}, .retain = true, .stop_at = {}, .only = {left}});
  EXPECT_EQ(first(activation[left]), 1);
  EXPECT_EQ(calls, 0);
}

TEST(Tape, FrozenParametersAreConstants) {
  ParameterStore store(DType::f64, 1);
  const Parameter& frozen = Scope(store).frozen_table("table", numbers({1, 2}));
  const Parameter& free =
      (Scope(store) / "mlp" / 0).parameter("weight", {2}, Initializer::constant(3));
  EXPECT_EQ(free.name, "mlp/0/weight");
  Tape tape;
  Var y = plus(times(frozen, 2), free);
  Gradients gradients =
      backward(y, {.upstream = numbers({1, 1}), .retain = false, .stop_at = {}, .only = {}});
  EXPECT_TRUE(gradients[frozen].empty());
  EXPECT_FALSE(gradients[free].empty());
  ASSERT_EQ(gradients.parameters().size(), 1u);
  EXPECT_EQ(store.count_frozen(), 2);
}

TEST(Tape, RecordsNothingWithoutNeed) {
  Tape tape;
  times(Var(numbers({1})), 2);
  EXPECT_EQ(tape.nodes(), 0);
  Var x = tape.variable(numbers({1}));
  {
    NoGradient off;
    times(x, 2);
  }
  EXPECT_EQ(tape.nodes(), 0);
}

TEST(Tape, RootMustBeOneNumber) {
  Tape tape;
  Var x = tape.variable(numbers({1, 2}));
  EXPECT_THROW(backward(times(x, 2)), Error);
}

TEST(Scope, NamesAreNew) {
  ParameterStore store(DType::f32, 1);
  Scope scope(store);
  scope.parameter("a", {1}, Initializer::zeros());
  EXPECT_THROW(scope.parameter("a", {1}, Initializer::zeros()), Error);
}

}  // namespace
}  // namespace ctr
