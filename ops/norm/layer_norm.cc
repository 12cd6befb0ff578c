#include "engine/check.h"
#include "engine/launch.h"
#include "ops/elementwise/elementwise.h"
#include "ops/elementwise/elementwise_bodies.h"
#include "ops/norm/norm.h"
#include "ops/norm/norm_bodies.h"
#include "ops/registry.h"

namespace ctr {

Var layer_norm(const Var& x, const Var& gamma, const Var& beta, double epsilon, int64_t groups) {
  CTR_CHECK(x.rank() >= 1 && groups >= 1 && x.dim(-1) > 0 && x.dim(-1) % groups == 0,
            "layer_norm: the last axis of x {} must be cut into {} equal parts", x.shape(), groups);
  CTR_CHECK(gamma.value().count() == x.dim(-1) && beta.value().count() == x.dim(-1) &&
                gamma.dtype() == x.dtype() && beta.dtype() == x.dtype(),
            "layer_norm: gamma {} {} and beta {} {} must hold one number per element of the last "
            "axis of x {} {}",
            gamma.dtype(), gamma.shape(), beta.dtype(), beta.shape(), x.dtype(), x.shape());
  const int64_t width = x.dim(-1), cols = width / groups;
  const int64_t outer = x.value().count() / width, rows = outer * groups;
  Tensor normal(x.shape(), x.dtype(), x.device()), y(x.shape(), x.dtype(), x.device());
  Tensor mean({rows}, x.dtype(), x.device()), variance({rows}, x.dtype(), x.device());
  visit_float(x.dtype(), "layer_norm", [&](auto zero) {
    using T = decltype(zero);
    const T* in = x.value().data<T>();
    reduce_rows(x.device(), rows, cols, RowMoment<T>{in, nullptr, mean.data<T>(), cols});
    reduce_rows(x.device(), rows, cols, RowMoment<T>{in, mean.data<T>(), variance.data<T>(), cols});
    for_each_2d(x.device(), rows, cols,
                NormaliseRows<T>{in, mean.data<T>(), variance.data<T>(), normal.data<T>(), cols,
                                 static_cast<T>(epsilon)});
    for_each_2d(x.device(), outer, width,
                ScaleShiftColumns<T>{normal.data<T>(), gamma.value().data<T>(),
                                     beta.value().data<T>(), y.data<T>(), width});
  });
  auto backward = [=, gv = gamma.value()](const Tensor& dy, GradientSink& sink) {
    visit_float(dy.dtype(), "layer_norm", [&](auto zero) {
      using T = decltype(zero);
      const T* n = normal.data<T>();
      const T* up = dy.data<T>();
      if (sink.needs(0)) {
        Tensor dx(normal.shape(), dy.dtype(), dy.device());
        Tensor sums({2, rows}, dy.dtype(), dy.device());
        T* mean_g = sums.data<T>();
        T* mean_gn = mean_g + rows;
        reduce_rows(dy.device(), rows, cols,
                    LayerNormSums<T>{up, gv.data<T>(), nullptr, mean_g, cols, groups});
        reduce_rows(dy.device(), rows, cols,
                    LayerNormSums<T>{up, gv.data<T>(), n, mean_gn, cols, groups});
        for_each_2d(dy.device(), rows, cols,
                    LayerNormBackward<T>{up, gv.data<T>(), n, variance.data<T>(), mean_g, mean_gn,
                                         dx.data<T>(), cols, groups, static_cast<T>(epsilon)});
        sink.put(0, dx);
      }
      if (sink.needs(1)) {
        Tensor dgamma({width}, dy.dtype(), dy.device());
        reduce_cols(dy.device(), outer, width, ColumnDot<T>{up, n, dgamma.data<T>(), width});
        sink.put(1, dgamma);
      }
      if (sink.needs(2)) sink.put(2, column_sum(dy, width));
    });
  };
  return record("layer_norm", y, {x, gamma, beta}, backward);
}

OpInfo op_layer_norm() {
  auto call = [](const OpArguments& a) {
    return std::vector<Var>{layer_norm(a.inputs[0], a.inputs[1], a.inputs[2],
                                       a.number("epsilon", 1e-5),
                                       static_cast<int64_t>(a.number("groups", 1)))};
  };
  return {.name = "layer_norm",
          .formula = "y = gamma (x - mean) / sqrt(var + eps) + beta over the last axis",
          .inputs = {"x", "gamma", "beta"},
          .constants = {},
          .attributes = {"epsilon", "groups"},
          .call = call,
          .cases = {{"odd sizes", {{3, 7}, {7}, {7}}},
                    {"three axes", {{2, 3, 5}, {5}, {5}}},
                    {"groups", {{4, 6}, {6}, {6}}, {}, {{"groups", "2"}}},
                    {"one row", {{1, 4}, {4}, {4}}, {}, {{"epsilon", "0.1"}}},
                    {"empty", {{0, 4}, {4}, {4}}}},
          .refused = {{"gamma", {{3, 7}, {6}, {7}}, {}, {}, "layer_norm: gamma f64 [6]"},
                      {"groups",
                       {{3, 7}, {7}, {7}},
                       {},
                       {{"groups", "2"}},
                       "layer_norm: the last axis of x [3,7] must be cut into 2 equal parts"}},
          .golden = {{"layer_norm", {}, {{"eps", "epsilon"}}}}};
}

}  // namespace ctr
