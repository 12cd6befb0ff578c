#include "ops/norm/partitioned_norm.h"

#include <cmath>

#include "engine/check.h"
#include "engine/launch.h"
#include "ops/norm/column_norm_bodies.h"
#include "ops/norm/partitioned_norm_bodies.h"
#include "ops/registry.h"

namespace ctr {
namespace {

// Positions of the inputs.
enum : int { kX, kGamma, kBeta, kDomainGamma, kDomainBeta };

void check(const Var& x, const PartitionedAffine& affine, const RowGroups& domains) {
  const bool grouped = x.rank() == 2 && domains.defined() && domains.of.count() == x.dim(0);
  bool fits = grouped;
  for (const Var* one : {&affine.gamma, &affine.beta})
    fits = fits && one->value().count() == x.dim(1) && one->dtype() == x.dtype();
  for (const Var* one : {&affine.domain_gamma, &affine.domain_beta})
    fits = fits && one->shape() == Shape{domains.count(), x.dim(1)} && one->dtype() == x.dtype();
  CTR_CHECK(fits,
            "partitioned_norm: x {} {} with {} domains of {} rows, gamma {} beta {} and those of "
            "the domains {} {} must be [B, N], D domains of B rows, [N] and [D, N]",
            x.dtype(), x.shape(), domains.defined() ? domains.count() : 0,
            domains.defined() ? domains.of.count() : 0, affine.gamma.shape(), affine.beta.shape(),
            affine.domain_gamma.shape(), affine.domain_beta.shape());
}

// Calls f(rows, their number, offset of the domain's statistics) for each domain.
template <class F>
void each_domain(const RowGroups& domains, int64_t cols, const F& f) {
  for (int64_t d = 0; d < domains.count(); ++d) {
    const std::span<const int64_t> rows = domains.rows_of(d);
    f(rows.data(), static_cast<int64_t>(rows.size()), d * cols);
  }
}

// Zeros where a domain has no rows.
DomainStatistics statistics_of(const Tensor& x, const RowGroups& domains) {
  const int64_t cols = x.dim(1);
  const Shape shape{domains.count(), cols};
  DomainStatistics result{Tensor(shape, x.dtype(), x.device()),
                          Tensor(shape, x.dtype(), x.device())};
  visit_float(x.dtype(), "partitioned_norm", [&](auto zero) {
    using T = decltype(zero);
    each_domain(domains, cols, [&](const int64_t* rows, int64_t count, int64_t at) {
      const T n = static_cast<T>(count > 0 ? count : 1);
      T* mean = result.mean.data<T>() + at;
      reduce_cols(x.device(), count, cols, ColumnMean<T>{x.data<T>(), mean, cols, n, {rows}});
      reduce_cols(
          x.device(), count, cols,
          ColumnVariance<T>{x.data<T>(), mean, result.variance.data<T>() + at, cols, n, {rows}});
    });
  });
  return result;
}

void move_running(RunningDomains& kept, const DomainStatistics& batch, const RowGroups& domains) {
  const int64_t cols = batch.mean.dim(1);
  visit_float(batch.mean.dtype(), "partitioned_norm", [&](auto zero) {
    using T = decltype(zero);
    for (int64_t d = 0; d < domains.count(); ++d) {
      if (domains.rows_of(d).empty()) continue;
      const int64_t t = ++kept.steps.data<int64_t>()[d];
      const double m = kept.momentum;
      const T w = static_cast<T>((1 - m) / (1 - std::pow(m, static_cast<double>(t))));
      for (int64_t i = d * cols; i < (d + 1) * cols; ++i) {
        T& mean = kept.running.mean.data<T>()[i];
        T& variance = kept.running.variance.data<T>()[i];
        mean = (T(1) - w) * mean + w * batch.mean.data<T>()[i];
        variance = (T(1) - w) * variance + w * batch.variance.data<T>()[i];
      }
    }
  });
}

// What the backward pass needs.
struct Kept {
  Tensor x, mean, gamma, domain_gamma, r, scale;
  RowGroups domains;
  bool of_batch;
};

void backward_of(const Kept& kept, const Tensor& dy, GradientSink& sink) {
  const Device device = dy.device();
  const int64_t rows = dy.dim(0), cols = dy.dim(1), domains = kept.domains.count();
  auto table = [&] { return Tensor({domains, cols}, dy.dtype(), device); };
  auto column = [&] { return Tensor({cols}, dy.dtype(), device); };
  Tensor s = table(), sum_dy = table(), ddomain_gamma = table(), centre = table(), slope = table();
  Tensor dgamma = column(), dbeta = column(), dx;
  visit_float(dy.dtype(), "partitioned_norm", [&](auto zero) {
    using T = decltype(zero);
    const T* x = kept.x.data<T>();
    const T* up = dy.data<T>();
    const T* mean = kept.mean.data<T>();
    const T* r = kept.r.data<T>();
    each_domain(kept.domains, cols, [&](const int64_t* listed, int64_t count, int64_t at) {
      reduce_cols(device, count, cols,
                  ColumnMean<T>{up, sum_dy.data<T>() + at, cols, T(1), {listed}});
      reduce_cols(device, count, cols,
                  ColumnProduct<T>{x, mean + at, up, s.data<T>() + at, cols, {listed}});
    });
    for_each_2d(device, domains, cols,
                DomainGradients<T>{s.data<T>(), sum_dy.data<T>(), r, kept.gamma.data<T>(),
                                   kept.domains.begin.data<int64_t>(), ddomain_gamma.data<T>(),
                                   centre.data<T>(), slope.data<T>(), cols, kept.of_batch});
    for_each(device, cols,
             SharedGradients<T>{s.data<T>(), sum_dy.data<T>(), r, kept.domain_gamma.data<T>(),
                                dgamma.data<T>(), dbeta.data<T>(), domains, cols});
    if (!sink.needs(kX)) return;
    dx = dy.unique() ? dy : Tensor(dy.shape(), dy.dtype(), device);
    for_each_2d(device, rows, cols,
                NormaliseDomainsBackward<T>{x, up, kept.domains.of.data<int64_t>(), mean,
                                            kept.scale.data<T>(), centre.data<T>(), slope.data<T>(),
                                            dx.data<T>(), cols});
  });
  if (dx.defined()) sink.put(kX, dx);
  sink.put(kGamma, dgamma);
  sink.put(kBeta, dbeta);
  sink.put(kDomainGamma, ddomain_gamma);
  sink.put(kDomainBeta, sum_dy);
}

Var normalise(const Var& x, const PartitionedAffine& affine, const RowGroups& domains,
              const DomainStatistics& statistics, double epsilon, bool of_batch) {
  const int64_t rows = x.dim(0), cols = x.dim(1);
  const Shape shape{domains.count(), cols};
  Kept kept{x.value(),
            statistics.mean,
            affine.gamma.value(),
            affine.domain_gamma.value(),
            Tensor(shape, x.dtype(), x.device()),
            Tensor(shape, x.dtype(), x.device()),
            domains,
            of_batch};
  Tensor y(x.shape(), x.dtype(), x.device());
  visit_float(x.dtype(), "partitioned_norm", [&](auto zero) {
    using T = decltype(zero);
    const T* mean = statistics.mean.data<T>();
    for_each_2d(x.device(), domains.count(), cols,
                DomainScale<T>{statistics.variance.data<T>(), kept.gamma.data<T>(),
                               kept.domain_gamma.data<T>(), kept.r.data<T>(), kept.scale.data<T>(),
                               cols, static_cast<T>(epsilon)});
    for_each_2d(x.device(), rows, cols,
                NormaliseDomains<T>{x.value().data<T>(), domains.of.data<int64_t>(), mean,
                                    kept.scale.data<T>(), affine.beta.value().data<T>(),
                                    affine.domain_beta.value().data<T>(), y.data<T>(), cols});
  });
  return record("partitioned_norm", y,
                {x, affine.gamma, affine.beta, affine.domain_gamma, affine.domain_beta},
                [kept](const Tensor& dy, GradientSink& sink) { backward_of(kept, dy, sink); });
}

}  // namespace

Var partitioned_norm(const Var& x, const PartitionedAffine& affine, const RowGroups& domains,
                     RunningDomains* running, double epsilon) {
  check(x, affine, domains);
  const DomainStatistics batch = statistics_of(x.value(), domains);
  if (running != nullptr) move_running(*running, batch, domains);
  return normalise(x, affine, domains, batch, epsilon, true);
}

Var partitioned_norm_evaluated(const Var& x, const PartitionedAffine& affine,
                               const RowGroups& domains, const DomainStatistics& statistics,
                               double epsilon) {
  check(x, affine, domains);
  const Shape& shape = affine.domain_gamma.shape();
  CTR_CHECK(statistics.mean.shape() == shape && statistics.variance.shape() == shape,
            "partitioned_norm: statistics {} and {} must be {}, one number for each domain and "
            "column",
            statistics.mean.shape(), statistics.variance.shape(), shape);
  return normalise(x, affine, domains, statistics, epsilon, false);
}

OpInfo op_partitioned_norm() {
  auto ids = [](std::vector<int64_t> values) {
    return Tensor::from({static_cast<int64_t>(values.size())}, values);
  };
  auto call = [](const OpArguments& a) {
    const Var& x = a.inputs[0];
    const PartitionedAffine affine{a.inputs[1], a.inputs[2], a.inputs[3], a.inputs[4]};
    const RowGroups domains = group_rows(a.constants[0], affine.domain_gamma.dim(0));
    const double epsilon = a.number("epsilon", 1e-3);
    if (a.text("mode", "train") == "train")
      return std::vector<Var>{partitioned_norm(x, affine, domains, nullptr, epsilon)};
    const DomainStatistics given{a.constants.at(1).cast(x.dtype()),
                                 a.constants.at(2).cast(x.dtype())};
    return std::vector<Var>{partitioned_norm_evaluated(x, affine, domains, given, epsilon)};
  };
  const Tensor mean = Tensor::from<double>({2, 3}, std::vector<double>{.2, -1, 0, .5, .1, -.3});
  const Tensor variance = Tensor::from<double>({2, 3}, std::vector<double>{.5, 2, 1, .1, 3, .7});
  const std::vector<Shape> three{{7, 3}, {3}, {3}, {2, 3}, {2, 3}};
  return {.name = "partitioned_norm",
          .formula = "y = gamma gamma_d (x - mean_d) / sqrt(var_d + eps) + beta + beta_d",
          .inputs = {"x", "gamma", "beta", "domain_gamma", "domain_beta"},
          .constants = {"domains", "mean?", "variance?"},
          .attributes = {"epsilon", "mode"},
          .call = call,
          .cases = {{"mixed rows", three, {ids({0, 1, 1, 0, 1, 0, 1})}},
                    {"one row and none",
                     {{6, 2}, {2}, {2}, {4, 2}, {4, 2}},
                     {ids({3, 0, 3, 1, 3, 0})},
                     {{"epsilon", "0.1"}}},
                    {"one domain",
                     {{70, 5}, {5}, {5}, {1, 5}, {1, 5}},
                     {Tensor::zeros({70}, DType::i64)}},
                    {"evaluated",
                     three,
                     {ids({0, 1, 1, 0, 1, 0, 1}), mean, variance},
                     {{"mode", "evaluate"}}},
                    {"empty", {{0, 3}, {3}, {3}, {2, 3}, {2, 3}}, {ids({})}}},
          .refused =
              {{"rows", three, {ids({0, 1})}, {}, "partitioned_norm: x f64 [7,3] with 2 domains"},
               {"gamma",
                {{2, 3}, {2}, {3}, {2, 3}, {2, 3}},
                {ids({0, 1})},
                {},
                "partitioned_norm: x f64 [2,3] with 2 domains of 2 rows, gamma [2] beta [3]"},
               {"domain",
                {{2, 3}, {3}, {3}, {2, 3}, {2, 3}},
                {ids({0, 2})},
                {},
                "groups: row 1 is of group 2, expected one in [0, 2)"},
               {"statistics",
                {{2, 3}, {3}, {3}, {2, 3}, {2, 3}},
                {ids({0, 1}), ids({1}), variance},
                {{"mode", "evaluate"}},
                "partitioned_norm: statistics [1] and [2,3] must be [2,3]"}},
          .devices = {Device::cpu}};
}

}  // namespace ctr
