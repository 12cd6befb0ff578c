#include "engine/check.h"
#include "engine/launch.h"
#include "engine/step_vector.h"
#include "ops/fields/pair_bodies.h"
#include "ops/fields/pairs.h"
#include "ops/registry.h"

namespace ctr {
namespace {

void check(std::span<const PairFactors> parts) {
  CTR_CHECK(!parts.empty(), "pairwise_hadamard: at least one part is needed");
  const Var& first = parts[0].v;
  for (const auto& [u, v] : parts)
    CTR_CHECK(v.rank() == 3 && u.shape() == v.shape() && v.shape() == first.shape() &&
                  u.dtype() == v.dtype() && v.dtype() == first.dtype(),
              "pairwise_hadamard: u {} {} and v {} {} of each part must be [batch, fields, width] "
              "of one shape",
              u.dtype(), u.shape(), v.dtype(), v.shape());
}

// The gradients of one part whose pairs begin at element `first` of a row of dy.
template <class T>
void part_backward(const Tensor& u, const Tensor& v, const Tensor& dy, int64_t first, Tensor& du,
                   Tensor& dv) {
  for_each_2d(dy.device(), v.dim(0), v.dim(1),
              PairwiseHadamardBackward<T>{u.data<T>(), v.data<T>(), dy.data<T>() + first,
                                          du.defined() ? du.data<T>() : nullptr,
                                          dv.defined() ? dv.data<T>() : nullptr, v.dim(1), v.dim(2),
                                          dy.dim(1) * dy.dim(2)});
}

}  // namespace

Var pairwise_hadamard(std::span<const PairFactors> parts) {
  check(parts);
  const Var& shape = parts[0].v;
  const int64_t rows = shape.dim(0), fields = shape.dim(1), width = shape.dim(2);
  const int64_t pairs = pair_count(fields), count = static_cast<int64_t>(parts.size());
  Tensor y({rows, count * pairs, width}, shape.dtype(), shape.device());
  std::vector<Var> inputs;
  std::vector<Tensor> kept;
  for (const auto& [u, v] : parts) {
    inputs.insert(inputs.end(), {u, v});
    kept.insert(kept.end(), {u.value(), v.value()});
  }
  visit_float(y.dtype(), "pairwise_hadamard", [&](auto zero) {
    using T = decltype(zero);
    for (int64_t p = 0; p < count; ++p) {
      const auto& [u, v] = parts[static_cast<size_t>(p)];
      for_each(y.device(), rows,
               PairwiseHadamard<T>{u.value().data<T>(), v.value().data<T>(),
                                   y.data<T>() + p * pairs * width, fields, width,
                                   count * pairs * width});
    }
  });
  auto backward = [kept, pairs, width](const Tensor& dy, GradientSink& sink) {
    for (size_t p = 0; p < kept.size() / 2; ++p) {
      const Tensor &u = kept[2 * p], &v = kept[2 * p + 1];
      const int at = static_cast<int>(2 * p);
      Tensor du, dv;
      if (sink.needs(at)) du = Tensor(u.shape(), u.dtype(), u.device());
      if (sink.needs(at + 1)) dv = Tensor(v.shape(), v.dtype(), v.device());
      visit_float(dy.dtype(), "pairwise_hadamard", [&](auto zero) {
        part_backward<decltype(zero)>(u, v, dy, static_cast<int64_t>(p) * pairs * width, du, dv);
      });
      if (du.defined()) sink.put(at, du);
      if (dv.defined()) sink.put(at + 1, dv);
    }
  };
  return record("pairwise_hadamard", y, inputs, backward);
}

OpInfo op_pairwise_hadamard() {
  auto call = [](const OpArguments& a) {
    std::vector<PairFactors> parts;
    for (size_t p = 0; p + 1 < a.inputs.size(); p += 2)
      parts.push_back({a.inputs[p], a.inputs[p + 1]});
    return std::vector<Var>{pairwise_hadamard(parts)};
  };
  return {.name = "pairwise_hadamard",
          .formula = "y_n = u_i * v_j, n = (i, j), i < j",
          .inputs = {"factors..."},
          .constants = {},
          .call = call,
          .cases = {{"odd sizes", {{3, 4, 5}, {3, 4, 5}}},
                    {"two fields, one row", {{1, 2, 1}, {1, 2, 1}}},
                    {"two parts", {{2, 3, 13}, {2, 3, 13}, {2, 3, 13}, {2, 3, 13}}},
                    {"empty", {{0, 3, 4}, {0, 3, 4}}}},
          .refused = {{"shapes",
                       {{3, 4, 5}, {3, 4, 6}},
                       {},
                       {},
                       "pairwise_hadamard: u f64 [3,4,5] and v f64 [3,4,6] of each part"},
                      {"parts",
                       {{2, 3, 2}, {2, 3, 2}, {2, 2, 2}, {2, 2, 2}},
                       {},
                       {},
                       "pairwise_hadamard: u f64 [2,2,2] and v f64 [2,2,2] of each part"},
                      {"none", {}, {}, {}, "pairwise_hadamard: at least one part is needed"}}};
}

}  // namespace ctr
