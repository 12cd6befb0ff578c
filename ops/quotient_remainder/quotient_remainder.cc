#include "ops/quotient_remainder/quotient_remainder.h"

#include "engine/check.h"
#include "engine/launch.h"
#include "engine/profile.h"
#include "ops/quotient_remainder/quotient_remainder_bodies.h"
#include "ops/registry.h"

namespace ctr {
namespace {

// The rows of both tables; −1 for padding, which the gradient leaves out.
struct Rows {
  Tensor quotient, remainder;  // i64 [N]
};

Rows rows_of(const Tensor& ids, int64_t divisor, int64_t padding) {
  Rows rows{Tensor(ids.shape(), DType::i64), Tensor(ids.shape(), DType::i64)};
  const auto* id = ids.data<int64_t>();
  auto *q = rows.quotient.data<int64_t>(), *r = rows.remainder.data<int64_t>();
  for (int64_t i = 0; i < ids.count(); ++i) {
    q[i] = id[i] == padding ? -1 : id[i] / divisor;
    r[i] = id[i] == padding ? -1 : id[i] % divisor;
  }
  return rows;
}

Tensor times_rows(const Tensor& dy, const Tensor& table, const Tensor& rows) {
  Tensor d(dy.shape(), dy.dtype(), dy.device());
  visit_float(dy.dtype(), "quotient_remainder", [&](auto zero) {
    using T = decltype(zero);
    for_each(dy.device(), dy.dim(0),
             MultiplyByRows<T>{table.data<T>(), rows.data<int64_t>(), dy.data<T>(), d.data<T>(),
                               dy.dim(1)});
  });
  return d;
}

void check_shapes(const Var& quotient, const Var& remainder, const Tensor& ids) {
  CTR_CHECK(quotient.rank() == 2 && remainder.rank() == 2 && quotient.dim(1) == remainder.dim(1) &&
                quotient.dtype() == remainder.dtype() && remainder.dim(0) > 0,
            "quotient_remainder: the tables must be [rows, width] of one width, got {} and {}",
            quotient.shape(), remainder.shape());
  CTR_CHECK(ids.rank() == 1, "quotient_remainder: ids must be [N], got {}", ids.shape());
  check_ids("quotient_remainder", ids, quotient.dim(0) * remainder.dim(0));
}

}  // namespace

Var quotient_remainder(const Var& quotient, const Var& remainder, const Tensor& ids,
                       Composition composition, int64_t padding) {
  check_shapes(quotient, remainder, ids);
  const int64_t count = ids.count(), width = quotient.dim(1);
  const bool concat = composition == Composition::concat;
  const Rows rows = rows_of(ids, remainder.dim(0), padding);
  quotient.catch_up(rows.quotient);
  remainder.catch_up(rows.remainder);
  Tensor y({count, concat ? 2 * width : width}, quotient.dtype(), quotient.device());
  visit_float(y.dtype(), "quotient_remainder", [&](auto zero) {
    using T = decltype(zero);
    profile_read(2 * count * width * static_cast<int64_t>(sizeof(T)));
    for_each(y.device(), count,
             ComposeRows<T>{quotient.stored().data<T>(), remainder.stored().data<T>(),
                            rows.quotient.data<int64_t>(), rows.remainder.data<int64_t>(),
                            y.data<T>(), width, composition == Composition::add, concat});
  });
  return record("quotient_remainder", y, {quotient, remainder},
                [rows, composition, width, q = quotient.stored(), r = remainder.stored()](
                    const Tensor& dy, GradientSink& sink) {
                  const bool product = composition == Composition::multiply;
                  const bool side_by_side = composition == Composition::concat;
                  const int64_t stride = dy.dim(1);
                  if (sink.needs(0)) {
                    const Tensor dq = product ? times_rows(dy, r, rows.remainder) : dy;
                    sink.put_rows(0, {rows.quotient, dq, stride, 0});
                  }
                  if (sink.needs(1)) {
                    const Tensor dr = product ? times_rows(dy, q, rows.quotient) : dy;
                    sink.put_rows(1, {rows.remainder, dr, stride, side_by_side ? width : 0});
                  }
                });
}

namespace {

Tensor ids_of(std::vector<int64_t> values) {
  return Tensor::from<int64_t>({static_cast<int64_t>(values.size())}, values);
}

Var call(const OpArguments& x) {
  const std::string op = x.text("op", "mult");
  const Composition composition = op == "mult"  ? Composition::multiply
                                  : op == "add" ? Composition::add
                                                : Composition::concat;
  return quotient_remainder(x.inputs[0], x.inputs[1], x.constants[0], composition,
                            static_cast<int64_t>(x.number("padding", -1)));
}

}  // namespace

OpInfo op_quotient_remainder() {
  return {
      .name = "quotient_remainder",
      .formula = "y[i] = Q[ids[i] div c] * R[ids[i] mod c], or their sum, or side by side",
      .inputs = {"quotient", "remainder"},
      .constants = {"ids"},
      .attributes = {"op", "padding"},
      .call = [](const OpArguments& x) { return std::vector<Var>{call(x)}; },
      .cases =
          {{"mult", {{3, 5}, {4, 5}}, {ids_of({9, 0, 4, 9, 11, 3})}},
           {"add", {{4, 2}, {3, 2}}, {ids_of({9, 0, 4, 9, 2})}, {{"op", "add"}}},
           {"concat", {{3, 3}, {4, 3}}, {ids_of({9, 0, 4, 9, 2})}, {{"op", "concat"}}},
           {"mult with padding", {{3, 2}, {4, 2}}, {ids_of({0, 9, 4, 0, 1})}, {{"padding", "0"}}},
           {"concat with padding",
            {{3, 2}, {4, 2}},
            {ids_of({0, 9, 4, 0, 1})},
            {{"op", "concat"}, {"padding", "0"}}},
           {"divisor one", {{5, 2}, {1, 2}}, {ids_of({4, 0, 2})}},
           {"empty", {{3, 2}, {4, 2}}, {ids_of({})}}},
      .refused = {{"widths",
                   {{3, 2}, {4, 3}},
                   {ids_of({1})},
                   {},
                   "quotient_remainder: the tables must be [rows, width] of one width, got [3,2] "
                   "and [4,3]"},
                  {"id too large",
                   {{3, 2}, {4, 2}},
                   {ids_of({11, 12})},
                   {},
                   "quotient_remainder: id 12 at position 1 is outside"},
                  {"negative id",
                   {{3, 2}, {4, 2}},
                   {ids_of({-1})},
                   {},
                   "quotient_remainder: id -1 at position 0 is outside"}}};
}

}  // namespace ctr
