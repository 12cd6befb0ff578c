#include "autograd/coalesce.h"
#include "engine/check.h"
#include "ops/elementwise/elementwise.h"
#include "ops/gather/gather.h"
#include "ops/item_softmax/streamed.h"
#include "ops/registry.h"

namespace ctr {

CountedRows counted_rows(const char* op, const Var& h, const Var& table, const Var& bias,
                         const Tensor& target, const ItemLossOptions& options) {
  CTR_CHECK(h.rank() == 2 && table.rank() == 2 && h.dim(1) == table.dim(1) &&
                h.dtype() == table.dtype() && target.count() == h.dim(0),
            "{}: h {} {}, W {} {} and targets {} must be [rows, width], [items, width] and one "
            "target for each row",
            op, h.dtype(), h.shape(), table.dtype(), table.shape(), target.shape());
  CTR_CHECK(!bias.defined() || (bias.value().count() == table.dim(0) && bias.dtype() == h.dtype()),
            "{}: bias {} {} must hold a number for each of {} items", op, bias.dtype(),
            bias.shape(), table.dim(0));
  CTR_CHECK(options.chunk > 0, "{}: chunks must hold at least one item, got {}", op, options.chunk);
  CountedRows rows;
  rows.of = h.dim(0);
  const int64_t* ids = target.data<int64_t>();
  int64_t count = 0;
  for (int64_t i = 0; i < rows.of; ++i) {
    if (ids[i] == options.ignored) continue;
    CTR_CHECK_DATA(ids[i] >= 0 && ids[i] < table.dim(0),
                   "{}: target {} of row {} is outside [0, {})", op, ids[i], i, table.dim(0));
    ++count;
  }
  rows.index = Tensor({count}, DType::i64);
  rows.target = Tensor({count}, DType::i64);
  for (int64_t i = 0, at = 0; i < rows.of; ++i) {
    if (ids[i] == options.ignored) continue;
    rows.index.data<int64_t>()[at] = i;
    rows.target.data<int64_t>()[at++] = ids[i];
  }
  rows.h = gather(Var(h.value()), rows.index).value();
  return rows;
}

Tensor put_back(const CountedRows& rows, const Tensor& dh) {
  Tensor result = Tensor::zeros({rows.of, dh.dim(1)}, dh.dtype(), dh.device());
  put_rows({rows.index, dh}, result);
  return result;
}

namespace {

Chunk items_from(const Tensor& table, const Tensor& bias, int64_t begin, int64_t chunk) {
  const int64_t end = std::min(begin + chunk, table.dim(0));
  return {table.rows(begin, end), bias.defined() ? bias.rows(begin, end) : Tensor(), begin};
}

}  // namespace

Var item_cross_entropy(const Var& h, const Var& table, const Var& bias, const Tensor& target,
                       const ItemLossOptions& options) {
  const CountedRows rows = counted_rows("item_cross_entropy", h, table, bias, target, options);
  const int64_t count = rows.count(), items = table.dim(0);
  const Tensor w = table.value(), b = bias.defined() ? bias.value() : Tensor();
  Tensor lse({count}, h.dtype()), loss;
  visit_float(h.dtype(), "item_cross_entropy", [&](auto zero) {
    using T = decltype(zero);
    RunningSoftmax running{Tensor::full({count}, h.dtype(), -math::kInfinity<double>),
                           Tensor({count}, h.dtype()), Tensor::zeros({count}, h.dtype()),
                           Tensor({count}, h.dtype())};
    for (int64_t begin = 0; begin < items && count > 0; begin += options.chunk)
      accumulate<T>(rows, items_from(w, b, begin, options.chunk), running);
    loss = finish<T>(running, count, lse);
  });
  auto backward = [rows, w, b, lse, chunk = options.chunk](const Tensor& dy, GradientSink& sink) {
    const int64_t items = w.dim(0), width = w.dim(1);
    Tensor dh = Tensor::zeros({rows.count(), width}, dy.dtype());
    Tensor dw, db;
    if (sink.needs(1)) dw = Tensor::zeros(w.shape(), dy.dtype());
    if (sink.needs(2)) db = Tensor::zeros({items}, dy.dtype());
    for (int64_t begin = 0; begin < items && rows.count() > 0; begin += chunk) {
      const Chunk of = items_from(w, b, begin, chunk);
      const int64_t end = begin + of.weight.dim(0);
      const Tensor slope = visit_float(dy.dtype(), "item_cross_entropy", [&](auto zero) {
        return slopes_of<decltype(zero)>(rows, of, lse, dy);
      });
      if (sink.needs(0))
        product(slope, Transpose::no, of.weight, Transpose::no, dh, {{}, false, begin > 0});
      if (sink.needs(1)) {
        Tensor part = dw.rows(begin, end);
        product(slope, Transpose::yes, rows.h, Transpose::no, part, {});
      }
      if (sink.needs(2)) {
        const Tensor sums = column_sum(slope, end - begin);
        std::copy_n(static_cast<const char*>(sums.raw()), sums.bytes(),
                    static_cast<char*>(db.rows(begin, end).raw()));
      }
    }
    if (sink.needs(0)) sink.put(0, put_back(rows, dh));
    if (sink.needs(1)) sink.put(1, dw);
    if (sink.needs(2)) sink.put(2, db);
  };
  return record("item_cross_entropy", loss, {h, table, bias}, backward);
}

OpInfo op_item_cross_entropy() {
  auto ids = [](std::vector<int64_t> values) {
    return Tensor::from(Shape{static_cast<int64_t>(values.size())}, values);
  };
  auto call = [](const OpArguments& a) {
    const Var bias = a.inputs.size() > 2 ? a.inputs[2] : Var();
    return std::vector<Var>{item_cross_entropy(a.inputs[0], a.inputs[1], bias, a.constants[0],
                                               {static_cast<int64_t>(a.number("ignored", 0)),
                                                static_cast<int64_t>(a.number("chunk", 4096))})};
  };
  return {
      .name = "item_cross_entropy",
      .formula = "y = mean of log sum_v e^z_v - z_target, z_v = <h, W_v> + bias_v",
      .inputs = {"h", "w", "bias?"},
      .constants = {"target"},
      .attributes = {"ignored", "chunk"},
      .call = call,
      .cases = {{"odd sizes", {{5, 3}, {7, 3}, {7}}, {ids({1, 6, 0, 3, 1})}},
                {"in chunks", {{5, 3}, {7, 3}, {7}}, {ids({1, 6, 0, 3, 1})}, {{"chunk", "3"}}},
                {"no bias, every row counts",
                 {{3, 4}, {5, 4}},
                 {ids({0, 4, 2})},
                 {{"chunk", "1"}, {"ignored", "-1"}}},
                {"one row", {{1, 2}, {3, 2}, {3}}, {ids({2})}},
                {"empty", {{0, 2}, {3, 2}, {3}}, {ids({})}}},
      .refused = {{"range",
                   {{2, 3}, {4, 3}, {4}},
                   {ids({1, 4})},
                   {},
                   "item_cross_entropy: target 4 of row 1 is outside [0, 4)"},
                  {"width", {{2, 3}, {4, 2}, {4}}, {ids({1, 2})}, {}, "h f64 [2,3], W f64 [4,2]"},
                  {"bias", {{2, 3}, {4, 3}, {3}}, {ids({1, 2})}, {}, "bias f64 [3] must hold"},
                  {"chunk",
                   {{2, 3}, {4, 3}, {4}},
                   {ids({1, 2})},
                   {{"chunk", "0"}},
                   "chunks must hold at least one item, got 0"}}};
}

}  // namespace ctr
