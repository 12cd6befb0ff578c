#pragma once
// Two optimizers on the same tables and the same steps, one `dense`, one `replay`.

#include <cmath>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine/rng.h"
#include "ops/elementwise/elementwise.h"
#include "ops/gather/gather.h"
#include "ops/optim/optimizer.h"

namespace ctr {

// Draws one after another.
class Draws {
 public:
  Draws(uint64_t seed, uint64_t stream) : random_{seed, stream, 0} {}
  int64_t below(uint64_t bound) { return static_cast<int64_t>(random_.below(bound, next_++)); }
  double normal() { return random_.normal(next_++); }
  double uniform() { return random_.uniform(next_++); }
  bool chance(double p) { return uniform() < p; }

 private:
  RandomStream random_;
  uint64_t next_ = 0;
};

inline bool same_bits(const Tensor& a, const Tensor& b) {
  return a.shape() == b.shape() && a.dtype() == b.dtype() &&
         std::memcmp(a.raw(), b.raw(), static_cast<size_t>(a.bytes())) == 0;
}

struct TableShape {
  int64_t rows, width;
};

// What one step does to one table.
struct TablePlan {
  enum class Kind : uint8_t { unused, rows, whole } kind = Kind::unused;
  Tensor ids;       // of `rows`
  Tensor upstream;  // of the looked-up rows, or of the whole table
};
struct StepPlan {
  double rate = 0;
  std::vector<TablePlan> tables;
};

struct PlanOptions {
  double unused = 0.15, whole = 0.05;  // chances
  double size = 1, spread = 3;         // of gradients: size · 10^(spread · normal)
  uint64_t most_ids = 6;
};

inline StepPlan plan_step(Draws& draws, const std::vector<TableShape>& shapes, DType dtype,
                          double rate, const PlanOptions& options = {}) {
  StepPlan plan{rate, {}};
  for (const TableShape& shape : shapes) {
    TablePlan& table = plan.tables.emplace_back();
    if (draws.chance(options.unused)) continue;
    Shape upstream = {shape.rows, shape.width};
    table.kind = TablePlan::Kind::whole;
    if (!draws.chance(options.whole)) {
      table.kind = TablePlan::Kind::rows;
      std::vector<int64_t> ids(static_cast<size_t>(draws.below(options.most_ids + 1)));
      for (int64_t& id : ids) id = draws.below(static_cast<uint64_t>(shape.rows));
      upstream = {std::ssize(ids), shape.width};
      table.ids = Tensor::from<int64_t>({std::ssize(ids)}, ids);
    }
    Tensor values(upstream, DType::f64);
    const double size = options.size * std::pow(10, options.spread * draws.normal());
    for (int64_t i = 0; i < values.count(); ++i) values.data<double>()[i] = size * draws.normal();
    table.upstream = values.cast(dtype);
  }
  return plan;
}

class Twin {
 public:
  Twin(const std::vector<TableShape>& shapes, OptimizerOptions options, const std::string& update,
       DType dtype, uint64_t seed)
      : store(dtype, seed), options_(std::move(options)) {
    options_.update = update;
    optimizer = std::make_unique<Optimizer>(options_);
    // Zeros of both signs, sizes that vanish beside a step, and some that no step changes.
    constexpr double kSpecial[] = {0, -0.0, 1e-30, -1e-10, 1, 1e5, 1e-42};
    Draws draws(seed, 77);
    for (size_t t = 0; t < shapes.size(); ++t) {
      const std::string name = "table" + std::to_string(t);
      tables.push_back(
          &Scope(store).table(name, {shapes[t].rows, shapes[t].width}, Initializer::normal(0.1)));
      Tensor& value = store.find(name)->value;
      Tensor changed = value.cast(DType::f64);
      for (int64_t i = 0; i < value.count(); ++i) {
        if (draws.chance(0.15)) changed.data<double>()[i] = kSpecial[draws.below(7)];
      }
      value = changed.cast(dtype);
    }
  }

  // Looks up, steps; returns what was looked up.
  std::vector<Tensor> step(const StepPlan& plan, double clip_norm = 0) {
    optimizer->set_learning_rate(plan.rate);
    Gradients sum;
    std::vector<Tensor> seen;
    for (size_t t = 0; t < tables.size(); ++t) {
      const TablePlan& table = plan.tables[t];
      if (table.kind == TablePlan::Kind::unused) continue;
      Tape tape;
      const Var y = table.kind == TablePlan::Kind::rows ? gather(*tables[t], table.ids)
                                                        : scale(*tables[t], 1);
      seen.push_back(y.value());
      BackwardOptions backward_options;
      backward_options.upstream = table.upstream;
      sum.add(backward(y, backward_options));
    }
    StepGradients gradients = optimizer->prepare(store, sum);
    clipping = {global_norm(gradients), 1, false};
    if (clip_norm > 0) clipping = optimizer->clip(gradients, clipping.norm, clip_norm);
    optimizer->apply(store, gradients);
    return seen;
  }

  // Another optimizer goes on from this one's state.
  void save_and_restore() {
    store.catch_up();
    std::map<std::string, Tensor> state;
    for (const auto& [name, tensor] : optimizer->state()) state[name] = tensor.clone();
    auto other = std::make_unique<Optimizer>(options_);
    other->restore(store, state, optimizer->steps());
    optimizer = std::move(other);
  }

  ParameterStore store;
  std::vector<const Parameter*> tables;
  std::unique_ptr<Optimizer> optimizer;
  Clipping clipping;  // of the last step

 private:
  OptimizerOptions options_;
};

// Weights and state, to the bit. Catches up first.
inline void expect_same(const Twin& a, const Twin& b, const std::string& where) {
  a.store.catch_up();
  b.store.catch_up();
  for (size_t t = 0; t < a.tables.size(); ++t)
    EXPECT_TRUE(same_bits(a.tables[t]->value, b.tables[t]->value)) << where << ", weights of " << t;
  const auto states = a.optimizer->state(), others = b.optimizer->state();
  for (const auto& [name, state] : states) {
    if (name.ends_with(":norms")) continue;
    auto found = others.find(name);
    ASSERT_NE(found, others.end()) << where << ", " << name;
    EXPECT_TRUE(same_bits(state, found->second)) << where << ", state of " << name;
  }
}

}  // namespace ctr
