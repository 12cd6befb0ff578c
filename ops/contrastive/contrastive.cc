#include "ops/contrastive/contrastive.h"

#include <cmath>
#include <numeric>

#include "engine/check.h"
#include "ops/activation/activation.h"
#include "ops/elementwise/elementwise.h"
#include "ops/linear/linear.h"
#include "ops/loss/loss.h"
#include "ops/registry.h"
#include "ops/shaping/shaping.h"

namespace ctr {
namespace {

void check_views(const char* op, const Var& x, const Var& y) {
  CTR_CHECK(x.rank() == 2 && x.shape() == y.shape() && x.dim(0) > 0,
            "{}: x {} and y {} must be two views [B, D] of the same B > 0 things", op, x.shape(),
            y.shape());
}

// 0, 1 … B − 1: row b belongs to column b.
Tensor diagonal(int64_t rows) {
  Tensor target({rows}, DType::i64);
  std::iota(target.data<int64_t>(), target.data<int64_t>() + rows, 0);
  return target;
}

}  // namespace

Var simcse_loss(const Var& x, const Var& y, double temperature, const Var& hard_negatives,
                double hard_negative_weight) {
  check_views("simcse_loss", x, y);
  CTR_CHECK(temperature > 0, "simcse_loss: the temperature must be above 0, got {}", temperature);
  const int64_t rows = x.dim(0);
  const Var anchor = normalize_rows(x);
  Var logits = scale(linear(anchor, normalize_rows(y)), 1 / temperature);
  if (hard_negatives.defined()) {
    check_views("simcse_loss", x, hard_negatives);
    Var hard = scale(linear(anchor, normalize_rows(hard_negatives)), 1 / temperature);
    if (hard_negative_weight != 0) {
      Tensor own = Tensor::full({rows, rows}, DType::f64, 0);
      for (int64_t b = 0; b < rows; ++b) own.data<double>()[b * rows + b] = hard_negative_weight;
      hard = hard + Var(own.cast(x.dtype()));
    }
    logits = concat({logits, hard});
  }
  return softmax_cross_entropy(logits, diagonal(rows));
}

Var clip_loss(const Var& x, const Var& y, const Var& log_scale) {
  check_views("clip_loss", x, y);
  CTR_CHECK(log_scale.shape() == Shape{1}, "clip_loss: log_scale must be [1], got {}",
            log_scale.shape());
  const int64_t rows = x.dim(0), cells = rows * rows;
  const Var scale_factor = exp(log_scale);
  const Var rows_of_x = normalize_rows(x), rows_of_y = normalize_rows(y);
  auto one_way = [&](const Var& a, const Var& b) {
    const Var cosines = reshape(linear(a, b), {cells, 1});
    return softmax_cross_entropy(reshape(cosines * scale_factor, {rows, rows}), diagonal(rows));
  };
  return scale(one_way(rows_of_x, rows_of_y) + one_way(rows_of_y, rows_of_x), 0.5);
}

OpInfo op_simcse_loss() {
  auto call = [](const OpArguments& a) {
    return std::vector<Var>{simcse_loss(a.inputs[0], a.inputs[1], a.number("temperature", 0.05),
                                        a.inputs.size() > 2 ? a.inputs[2] : Var(),
                                        a.number("hard_negative_weight", 0))};
  };
  return {
      .name = "simcse_loss",
      .formula = "mean_b -log softmax(cos(x_b, [y; z]) / temperature)[b]",
      .inputs = {"x", "y", "z?"},
      .constants = {},
      .attributes = {"temperature", "hard_negative_weight"},
      .call = call,
      .cases = {{"odd sizes", {{5, 7}, {5, 7}}, {}, {{"temperature", "0.5"}}},
                {"hard negatives",
                 {{3, 4}, {3, 4}, {3, 4}},
                 {},
                 {{"temperature", "0.5"}, {"hard_negative_weight", "0.3"}}},
                {"one pair and a negative", {{1, 3}, {1, 3}, {1, 3}}, {}, {{"temperature", "1"}}}},
      .refused = {{"views",
                   {{5, 7}, {4, 7}},
                   {},
                   {},
                   "simcse_loss: x [5,7] and y [4,7] must be two views"},
                  {"empty", {{0, 7}, {0, 7}}, {}, {}, "simcse_loss: x [0,7] and y [0,7]"},
                  {"temperature",
                   {{2, 3}, {2, 3}},
                   {},
                   {{"temperature", "0"}},
                   "simcse_loss: the temperature must be above 0, got 0"}},
      .golden = {{"simcse_loss"}}};
}

OpInfo op_clip_loss() {
  auto call = [](const OpArguments& a) {
    Var log_scale = a.inputs.size() > 2 ? a.inputs[2] : Var();
    if (!log_scale.defined())
      log_scale =
          Var(Tensor::full({1}, a.inputs[0].dtype(), -std::log(a.number("temperature", 0.07))));
    return std::vector<Var>{clip_loss(a.inputs[0], a.inputs[1], log_scale)};
  };
  return {
      .name = "clip_loss",
      .formula = "(CE of rows + CE of columns of e^t cos(x_a, y_b)) / 2 at the diagonal",
      .inputs = {"x", "y", "t?"},
      .constants = {},
      .attributes = {"temperature"},
      .call = call,
      .cases = {{"odd sizes", {{5, 7}, {5, 7}}, {}, {{"temperature", "0.5"}}},
                {"learned scale", {{3, 4}, {3, 4}, {1}}}},
      .refused =
          {{"views", {{5, 7}, {5, 6}}, {}, {}, "clip_loss: x [5,7] and y [5,6] must be two views"},
           {"empty", {{0, 7}, {0, 7}}, {}, {}, "clip_loss: x [0,7] and y [0,7]"},
           {"scale", {{2, 3}, {2, 3}, {2}}, {}, {}, "clip_loss: log_scale must be [1]"}},
      .golden = {{"clip_loss"}}};
}

}  // namespace ctr
