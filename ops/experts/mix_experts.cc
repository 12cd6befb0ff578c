#include "engine/check.h"
#include "engine/launch.h"
#include "ops/experts/experts.h"
#include "ops/experts/experts_bodies.h"
#include "ops/registry.h"
#include "ops/softmax/softmax.h"

namespace ctr {
namespace {

void check(std::span<const Var> experts, const Var& gate) {
  CTR_CHECK(!experts.empty() && gate.rank() == 2,
            "mix_experts: experts and weights g [batch, experts] are needed, got {} parts and g {}",
            experts.size(), gate.shape());
  int64_t count = 0;
  for (const Var& f : experts) {
    CTR_CHECK(f.rank() == 3 && f.dim(0) == gate.dim(0) && f.dim(1) > 0 &&
                  f.dim(2) == experts[0].dim(2) && f.dtype() == gate.dtype(),
              "mix_experts: experts {} {} beside {} and g {} {}; parts must be [batch, experts, "
              "width]",
              f.dtype(), f.shape(), experts[0].shape(), gate.dtype(), gate.shape());
    count += f.dim(1);
  }
  CTR_CHECK(count == gate.dim(1), "mix_experts: g {} does not fit {} experts", gate.shape(), count);
}

int64_t tiles_of(int64_t width) { return (width + kMixedColumns - 1) / kMixedColumns; }

}  // namespace

Var mix_experts(std::span<const Var> experts, const Var& gate) {
  check(experts, gate);
  const int64_t rows = gate.dim(0), width = experts[0].dim(2), gates = gate.dim(1);
  Tensor y({rows, width}, gate.dtype(), gate.device());
  std::vector<Var> inputs{gate};
  std::vector<Tensor> values;
  for (const Var& f : experts) {
    inputs.push_back(f);
    values.push_back(f.value());
  }
  visit_float(y.dtype(), "mix_experts", [&](auto zero) {
    using T = decltype(zero);
    int64_t first = 0;
    for (const Tensor& f : values) {
      for_each_2d(y.device(), rows, tiles_of(width),
                  MixExperts<T>{f.data<T>(), gate.value().data<T>(), y.data<T>(), f.dim(1), width,
                                gates, first});
      first += f.dim(1);
    }
  });
  auto backward = [values, g = gate.value(), rows, width, gates](const Tensor& dy,
                                                                 GradientSink& sink) {
    Tensor dg = sink.needs(0) ? Tensor(g.shape(), g.dtype(), g.device()) : Tensor();
    visit_float(dy.dtype(), "mix_experts", [&](auto zero) {
      using T = decltype(zero);
      int64_t first = 0;
      for (size_t i = 0; i < values.size(); ++i) {
        const Tensor& f = values[i];
        const int64_t count = f.dim(1);
        if (sink.needs(static_cast<int>(i) + 1)) {
          Tensor df(f.shape(), f.dtype(), f.device());
          for_each_2d(dy.device(), rows, tiles_of(width),
                      MixExpertsBackward<T>{g.data<T>(), dy.data<T>(), df.data<T>(), count, width,
                                            gates, first});
          sink.put(static_cast<int>(i) + 1, df);
        }
        if (dg.defined())
          reduce_rows(dy.device(), rows * count, width,
                      MixExpertsGate<T>{f.data<T>(), dy.data<T>(), dg.data<T>(), count, width,
                                        gates, first});
        first += count;
      }
    });
    if (dg.defined()) sink.put(0, dg);
  };
  return record("mix_experts", y, inputs, backward);
}

OpInfo op_mix_experts() {
  auto call = [](const OpArguments& a) {
    const std::span<const Var> all(a.inputs);
    const bool logits = a.text("gate", "weights") == "logits";
    return std::vector<Var>{mix_experts(all.subspan(1), logits ? softmax(all[0]) : all[0])};
  };
  return {
      .name = "mix_experts",
      .formula = "y_b = sum_e g_be f_be",
      .inputs = {"gate", "experts..."},
      .constants = {},
      .attributes = {"gate"},
      .call = call,
      .cases = {{"odd sizes", {{5, 3}, {5, 3, 7}}},
                {"two parts", {{5, 4}, {5, 1, 7}, {5, 3, 7}}},
                {"three parts, gates from logits",
                 {{3, 6}, {3, 2, 1}, {3, 3, 1}, {3, 1, 1}},
                 {},
                 {{"gate", "logits"}}},
                {"one row, one expert", {{1, 1}, {1, 1, 9}}},
                {"many rows", {{70, 2}, {70, 2, 33}}},
                {"empty batch", {{0, 3}, {0, 3, 7}}}},
      .refused =
          {{"experts", {{5, 4}, {5, 3, 7}}, {}, {}, "mix_experts: g [5,4] does not fit 3 experts"},
           {"rows",
            {{5, 3}, {4, 3, 7}},
            {},
            {},
            "mix_experts: experts f64 [4,3,7] beside [4,3,7] and g f64 [5,3]"},
           {"widths",
            {{5, 3}, {5, 1, 7}, {5, 2, 6}},
            {},
            {},
            "mix_experts: experts f64 [5,2,6] beside [5,1,7]"},
           {"none", {{5, 3}}, {}, {}, "mix_experts: experts and weights g"}},
      .golden = {{"mmoe_mix", {{"gate", "logits"}}, {{"x", "experts..."}, {"logits", "gate"}}}}};
}

}  // namespace ctr
