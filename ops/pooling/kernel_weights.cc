#include "engine/check.h"
#include "engine/launch.h"
#include "ops/elementwise/elementwise.h"
#include "ops/elementwise/row_bodies.h"
#include "ops/pooling/pooling.h"
#include "ops/pooling/pooling_bodies.h"
#include "ops/registry.h"
#include "ops/softmax/softmax.h"

namespace ctr {
namespace {

template <class T>
CompactKernel<T> kernel_of(const Tensor& squared, const Tensor& mask, AttentionKernel kernel) {
  return {squared.data<T>(), mask.defined() ? mask.data<int64_t>() : nullptr,
          kernel == AttentionKernel::boxcar};
}

// Of kernels that vanish beyond 1.
Var compact_weights(const Var& squared, const Tensor& mask, AttentionKernel kernel) {
  const int64_t rows = squared.dim(0), cols = squared.dim(1);
  const Device device = squared.device();
  Tensor a(squared.shape(), squared.dtype(), device);
  Tensor sum({rows}, squared.dtype(), device), places({rows}, squared.dtype(), device);
  visit_float(squared.dtype(), "kernel_weights", [&](auto zero) {
    using T = decltype(zero);
    const CompactKernel<T> of = kernel_of<T>(squared.value(), mask, kernel);
    reduce_rows(device, rows, cols, KernelSum<T>{of, false, sum.data<T>(), cols});
    reduce_rows(device, rows, cols, KernelSum<T>{of, true, places.data<T>(), cols});
    for_each_2d(device, rows, cols,
                KernelWeights<T>{of, sum.data<T>(), places.data<T>(), a.data<T>(), cols});
  });
  if (kernel == AttentionKernel::boxcar) return Var(a);
  auto backward = [u = squared.value(), a, sum, mask, kernel](const Tensor& da,
                                                              GradientSink& sink) {
    const int64_t rows = a.dim(0), cols = a.dim(1);
    Tensor dot({rows}, a.dtype(), a.device()), du(a.shape(), a.dtype(), a.device());
    visit_float(da.dtype(), "kernel_weights", [&](auto zero) {
      using T = decltype(zero);
      reduce_rows(a.device(), rows, cols,
                  RowDot<T>{a.data<T>(), da.data<T>(), dot.data<T>(), cols});
      for_each_2d(a.device(), rows, cols,
                  KernelWeightsBackward<T>{kernel_of<T>(u, mask, kernel), sum.data<T>(),
                                           dot.data<T>(), da.data<T>(), du.data<T>(), cols});
    });
    sink.put(0, du);
  };
  return record("kernel_weights", a, {squared}, backward);
}

}  // namespace

AttentionKernel attention_kernel_called(std::string_view name) {
  if (name == "gaussian") return AttentionKernel::gaussian;
  if (name == "boxcar") return AttentionKernel::boxcar;
  CTR_CHECK(name == "epanechnikov",
            "attention pooling: a kernel is gaussian, boxcar or epanechnikov, got '{}'", name);
  return AttentionKernel::epanechnikov;
}

Var kernel_weights(const Var& squared, const Tensor& mask, AttentionKernel kernel) {
  CTR_CHECK(squared.rank() == 2, "kernel_weights: u² must be [B, T], got {}", squared.shape());
  CTR_CHECK(
      !mask.defined() || (mask.count() == squared.value().count() && mask.dtype() == DType::i64),
      "kernel_weights: mask {} {} must be i64 of the shape of u² {}", mask.dtype(), mask.shape(),
      squared.shape());
  if (kernel != AttentionKernel::gaussian) return compact_weights(squared, mask, kernel);
  const Var scores = scale(squared, -0.5);
  return mask.defined() ? masked_softmax(scores, mask) : softmax(scores);
}

OpInfo op_kernel_weights() {
  auto mask = [](const Shape& shape, std::vector<int64_t> values) {
    return Tensor::from(shape, values);
  };
  auto call = [](const OpArguments& a) {
    return std::vector<Var>{kernel_weights(a.inputs[0],
                                           a.constants.empty() ? Tensor() : a.constants[0],
                                           attention_kernel_called(a.text("kernel", "gaussian")))};
  };
  const Attributes compact{{"kernel", "epanechnikov"}};
  const Tensor kept = mask({3, 4}, {1, 0, 1, 1, 0, 0, 0, 0, 0, 1, 1, 1});
  return {.name = "kernel_weights",
          .formula = "a_bt = K(u_bt) / sum_s K(u_bs)",
          .inputs = {"squared"},
          .constants = {"mask?"},
          .attributes = {"kernel"},
          .call = call,
          .cases = {{"gaussian", {{3, 4}}, {kept}},
                    {"gaussian, all places", {{2, 9}}},
                    {"epanechnikov", {{3, 4}}, {kept}, compact},
                    {"epanechnikov, all places", {{4, 7}}, {}, compact},
                    {"empty", {{0, 4}}, {}, compact}},
          .refused = {{"mask",
                       {{3, 4}},
                       {mask({2}, {1, 1})},
                       {},
                       "kernel_weights: mask i64 [2] must be i64 of the shape of u² [3,4]"},
                      {"kernel",
                       {{3, 4}},
                       {},
                       {{"kernel", "gausian"}},
                       "attention pooling: a kernel is gaussian, boxcar or epanechnikov, got"},
                      {"rank", {{3}}, {}, {}, "kernel_weights: u² must be [B, T], got [3]"}},
          .domain = InputDomain::positive};
}

}  // namespace ctr
