#include "ops/conv1d/conv1d.h"

#include <algorithm>

#include "engine/check.h"
#include "engine/conv1d.h"
#include "ops/elementwise/elementwise.h"
#include "ops/registry.h"

namespace ctr {

Var conv1d(const Var& x, const Var& weight, const Var& bias, const Conv1dOptions& options) {
  CTR_CHECK(x.rank() == 3 && weight.rank() == 3 && weight.dim(1) == x.dim(2) &&
                weight.dtype() == x.dtype(),
            "conv1d: x {} {} and W {} {} must be [batch, places, channels] and [out, channels, "
            "taps]",
            x.dtype(), x.shape(), weight.dtype(), weight.shape());
  CTR_CHECK(!bias.defined() || (bias.value().count() == weight.dim(0) && bias.dtype() == x.dtype()),
            "conv1d: b {} {} must hold {} numbers, one for each row of W {}", bias.dtype(),
            bias.shape(), weight.dim(0), weight.shape());
  const Conv1d shape{x.dim(0),      x.dim(1),         x.dim(2),       weight.dim(0),
                     weight.dim(2), options.dilation, options.causal, options.skipped};
  Tensor y({shape.batch, std::max<int64_t>(0, shape.places()), shape.out}, x.dtype(), x.device());
  visit_float(x.dtype(), "conv1d", [&](auto zero) {
    using T = decltype(zero);
    conv1d_forward(x.device(), shape, x.value().data<T>(), weight.value().data<T>(),
                   bias.defined() ? bias.value().data<T>() : nullptr, y.data<T>());
  });
  auto backward = [shape, xv = x.value(), w = weight.value()](const Tensor& dy,
                                                              GradientSink& sink) {
    visit_float(dy.dtype(), "conv1d", [&](auto zero) {
      using T = decltype(zero);
      if (sink.needs(0)) {
        Tensor dx(xv.shape(), dy.dtype(), dy.device());
        conv1d_data(dy.device(), shape, dy.data<T>(), w.data<T>(), dx.data<T>());
        sink.put(0, dx);
      }
      if (sink.needs(1)) {
        Tensor dw(w.shape(), dy.dtype(), dy.device());
        conv1d_weight(dy.device(), shape, xv.data<T>(), dy.data<T>(), dw.data<T>());
        sink.put(1, dw);
      }
      if (sink.needs(2)) sink.put(2, column_sum(dy, shape.out));
    });
  };
  return record("conv1d", y, {x, weight, bias}, backward);
}

OpInfo op_conv1d() {
  auto call = [](const OpArguments& a) {
    const Conv1dOptions options{static_cast<int64_t>(a.number("dilation", 1)),
                                a.text("causal", "true") == "true",
                                static_cast<int64_t>(a.number("skipped", 0))};
    const Var bias = a.inputs.size() > 2 ? a.inputs[2] : Var();
    return std::vector<Var>{conv1d(a.inputs[0], a.inputs[1], bias, options)};
  };
  const Attributes same{{"causal", "false"}}, same2{{"causal", "false"}, {"dilation", "2"}};
  return {
      .name = "conv1d",
      .formula = "y[t] = b + sum_j W_j x[t - s_j], s_j = (K - 1 - j) D or ((K - 1) / 2 - j) D",
      .inputs = {"x", "w", "b?"},
      .constants = {},
      .attributes = {"dilation", "causal", "skipped"},
      .call = call,
      .cases = {{"odd sizes", {{3, 5, 7}, {3, 7, 3}, {3}}},
                {"dilated", {{2, 9, 3}, {4, 3, 3}, {4}}, {}, {{"dilation", "4"}}},
                {"no bias", {{2, 6, 3}, {5, 3, 3}}},
                {"shorter than what it looks back",
                 {{2, 3, 4}, {3, 4, 3}, {3}},
                 {},
                 {{"dilation", "2"}}},
                {"two taps", {{3, 4, 2}, {5, 2, 2}, {5}}},
                {"one tap", {{2, 3, 4}, {3, 4, 1}, {3}}},
                {"both sides", {{2, 5, 3}, {4, 3, 3}, {4}}, {}, same},
                {"both sides, dilated", {{2, 7, 3}, {4, 3, 5}, {4}}, {}, same2},
                {"one place, one row", {{1, 1, 3}, {2, 3, 1}, {2}}},
                {"without the first places", {{2, 7, 3}, {4, 3, 3}, {4}}, {}, {{"skipped", "1"}}},
                {"without those that see zeros",
                 {{2, 9, 3}, {4, 3, 3}, {4}},
                 {},
                 {{"skipped", "4"}, {"dilation", "2"}}},
                {"the last place alone",
                 {{3, 5, 2}, {3, 2, 3}, {3}},
                 {},
                 {{"skipped", "4"}, {"dilation", "4"}}},
                {"wide", {{3, 18, 40}, {33, 40, 3}, {33}}},
                {"empty", {{0, 5, 4}, {3, 4, 3}, {3}}}},
      .refused =
          {{"rank", {{3, 5}, {3, 5, 3}, {3}}, {}, {}, "conv1d: x f64 [3,5] and W"},
           {"channels",
            {{2, 5, 4}, {3, 5, 3}, {3}},
            {},
            {},
            "conv1d: x f64 [2,5,4] and W f64 [3,5,3] must be"},
           {"bias", {{2, 5, 4}, {3, 4, 3}, {4}}, {}, {}, "conv1d: b f64 [4] must hold 3 numbers"},
           {"even taps",
            {{2, 5, 4}, {3, 4, 2}, {3}},
            {},
            same,
            "conv1d: 2 taps have none in the middle"},
           {"dilation",
            {{2, 5, 4}, {3, 4, 2}, {3}},
            {},
            {{"dilation", "0"}},
            "conv1d: [2,5,4] to 3 channels by 2 taps 0 apart"},
           {"skipped",
            {{2, 5, 4}, {3, 4, 3}, {3}},
            {},
            {{"skipped", "3"}},
            "conv1d: 3 of 5 places cannot be left out by 3 taps 1 apart"}},
      .golden = {{"causal_conv1d_d1"},
                 {"causal_conv1d_d2"},
                 {"causal_conv1d_d4"},
                 {"conv1d_same_d2", {{"causal", "false"}}}},
      .devices = {Device::cpu}};
}

}  // namespace ctr
