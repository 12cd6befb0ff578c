#include "engine/check.h"
#include "engine/launch.h"
#include "ops/norm/column_norm.h"
#include "ops/norm/norm.h"
#include "ops/norm/norm_bodies.h"
#include "ops/registry.h"

namespace ctr {
namespace {

// x as [outer, channels, inner]. Channels in the last axis are columns: ops/norm/column_norm.h.
struct View {
  int64_t outer, channels, inner;
  bool columns() const { return inner == 1; }
  int64_t rows() const { return outer * channels; }
  int64_t count() const { return outer * inner; }  // values of a channel
};

View view_of(const Var& x, const Var& gamma, const Var& beta, int axis) {
  const int at = axis < 0 ? axis + x.rank() : axis;
  CTR_CHECK(at >= 0 && at < x.rank(), "batch_norm: there is no axis {} in x {}", axis, x.shape());
  const View view{x.shape().count(0, at), x.dim(at), x.shape().count(at + 1, x.rank())};
  const bool plain = !gamma.defined() && !beta.defined();
  CTR_CHECK(plain || (gamma.defined() && beta.defined() && gamma.value().count() == view.channels &&
                      beta.value().count() == view.channels && gamma.dtype() == x.dtype() &&
                      beta.dtype() == x.dtype()),
            "batch_norm: gamma {} and beta {} must hold one {} number for each of the {} channels "
            "of x {}",
            gamma.defined() ? gamma.shape().text() : "none",
            beta.defined() ? beta.shape().text() : "none", x.dtype(), view.channels, x.shape());
  return view;
}

Var normalise(const Var& x, const Var& gamma, const Var& beta, const Tensor& mean,
              const Tensor& variance, const View& view, double epsilon, bool of_batch) {
  Tensor normal(x.shape(), x.dtype(), x.device());
  Tensor y = gamma.defined() ? Tensor(x.shape(), x.dtype(), x.device()) : normal;
  visit_float(x.dtype(), "batch_norm", [&](auto zero) {
    using T = decltype(zero);
    for_each_2d(
        x.device(), view.rows(), view.inner,
        NormaliseChannels<T>{x.value().data<T>(), mean.data<T>(), variance.data<T>(),
                             normal.data<T>(), view.channels, view.inner, static_cast<T>(epsilon)});
    if (!gamma.defined()) return;
    for_each_2d(x.device(), view.rows(), view.inner,
                ScaleShift<T>{normal.data<T>(), gamma.value().data<T>(), beta.value().data<T>(),
                              y.data<T>(), view.channels, view.inner});
  });
  auto backward = [=, gv = gamma.value()](const Tensor& dy, GradientSink& sink) {
    visit_float(dy.dtype(), "batch_norm", [&](auto zero) {
      using T = decltype(zero);
      Tensor sum_dy({view.channels}, dy.dtype(), dy.device());
      Tensor sum_dyn({view.channels}, dy.dtype(), dy.device());
      auto sum = [&](const T* n, Tensor& result) {
        reduce_cols(
            dy.device(), view.outer, view.channels,
            AffineBackward<T>{n, dy.data<T>(), result.data<T>(), view.channels, view.inner});
      };
      sum(nullptr, sum_dy);
      sum(normal.data<T>(), sum_dyn);
      if (sink.needs(0)) {
        Tensor dx(normal.shape(), dy.dtype(), dy.device());
        for_each_2d(dy.device(), view.rows(), view.inner,
                    BatchNormBackward<T>{dy.data<T>(), gv.defined() ? gv.data<T>() : nullptr,
                                         normal.data<T>(), variance.data<T>(),
                                         of_batch ? sum_dy.data<T>() : nullptr, sum_dyn.data<T>(),
                                         dx.data<T>(), view.channels, view.inner,
                                         static_cast<T>(view.count()), static_cast<T>(epsilon)});
        sink.put(0, dx);
      }
      sink.put(1, sum_dyn);
      sink.put(2, sum_dy);
    });
  };
  return record("batch_norm", y, {x, gamma, beta}, backward);
}

}  // namespace

Var batch_norm(const Var& x, const Var& gamma, const Var& beta, RunningStatistics* running,
               const BatchNormOptions& options) {
  const View view = view_of(x, gamma, beta, options.axis);
  CTR_CHECK(view.count() > 1,
            "batch_norm: training needs more than one value per channel, x is {}; use a larger "
            "batch",
            x.shape());
  if (view.columns()) {
    const ColumnStatistics statistics = column_statistics(x.value());
    if (running != nullptr) move_running(*running, statistics, view.count());
    return normalise_columns(x, statistics, {Var(), gamma, beta, options.epsilon, true});
  }
  Tensor mean({view.channels}, x.dtype(), x.device());
  Tensor variance({view.channels}, x.dtype(), x.device());
  visit_float(x.dtype(), "batch_norm", [&](auto zero) {
    using T = decltype(zero);
    const T* in = x.value().data<T>();
    const T count = static_cast<T>(view.count());
    auto moment = [&](const T* centre, Tensor& result) {
      reduce_cols(x.device(), view.outer, view.channels,
                  ChannelMoment<T>{in, centre, result.data<T>(), view.channels, view.inner, count});
    };
    moment(nullptr, mean);
    moment(mean.data<T>(), variance);
  });
  if (running != nullptr) move_running(*running, {mean, variance}, view.count());
  return normalise(x, gamma, beta, mean, variance, view, options.epsilon, true);
}

Var batch_norm_evaluated(const Var& x, const Var& gamma, const Var& beta,
                         const RunningStatistics& running, const BatchNormOptions& options) {
  const View view = view_of(x, gamma, beta, options.axis);
  CTR_CHECK(running.mean.count() == view.channels && running.variance.count() == view.channels,
            "batch_norm: running statistics {} and {} must hold one number for each of the {} "
            "channels of x {}",
            running.mean.shape(), running.variance.shape(), view.channels, x.shape());
  if (view.columns())
    return normalise_columns(x, {running.mean, running.variance},
                             {Var(), gamma, beta, options.epsilon, false});
  return normalise(x, gamma, beta, running.mean, running.variance, view, options.epsilon, false);
}

OpInfo op_batch_norm() {
  auto call = [](const OpArguments& a) {
    const Var none;
    const Var& gamma = a.inputs.size() > 1 ? a.inputs[1] : none;
    const Var& beta = a.inputs.size() > 2 ? a.inputs[2] : none;
    BatchNormOptions options{a.number("epsilon", 1e-5), static_cast<int>(a.number("axis", -1))};
    if (a.text("mode", "train") == "train")
      return std::vector<Var>{batch_norm(a.inputs[0], gamma, beta, nullptr, options)};
    const DType dtype = a.inputs[0].dtype();
    RunningStatistics running{a.constants.at(0).cast(dtype), a.constants.at(1).cast(dtype)};
    return std::vector<Var>{batch_norm_evaluated(a.inputs[0], gamma, beta, running, options)};
  };
  const Tensor mean = Tensor::from<double>({3}, std::vector<double>{0.2, -1, 0});
  const Tensor variance = Tensor::from<double>({3}, std::vector<double>{0.5, 2, 1});
  return {.name = "batch_norm",
          .formula = "y = gamma (x - mean_c) / sqrt(var_c + eps) + beta per channel",
          .inputs = {"x", "gamma?", "beta?"},
          .constants = {"mean?", "variance?"},
          .attributes = {"epsilon", "axis", "mode"},
          .call = call,
          .cases = {{"odd sizes", {{7, 3}, {3}, {3}}},
                    {"three axes, last", {{3, 2, 5}, {5}, {5}}},
                    {"three axes, middle", {{3, 4, 5}, {4}, {4}}, {}, {{"axis", "1"}}},
                    {"without gamma", {{6, 4}}, {}, {{"epsilon", "0.01"}}},
                    {"evaluated", {{5, 3}, {3}, {3}}, {mean, variance}, {{"mode", "evaluate"}}},
                    {"evaluated, one row", {{1, 3}}, {mean, variance}, {{"mode", "evaluate"}}},
                    {"evaluated, empty", {{0, 3}}, {mean, variance}, {{"mode", "evaluate"}}}},
          .refused = {{"one value", {{1, 3}, {3}, {3}}, {}, {}, "batch_norm: training needs more"},
                      {"gamma", {{5, 3}, {4}, {3}}, {}, {}, "batch_norm: gamma [4] and beta [3]"},
                      {"axis", {{5, 3}}, {}, {{"axis", "2"}}, "batch_norm: there is no axis 2"}},
          .golden = {{"batch_norm_train", {}, {{"eps", "epsilon"}}}}};
}

}  // namespace ctr
