#include <algorithm>
#include <utility>

#include "engine/check.h"
#include "engine/step_vector.h"
#include "ops/elementwise/elementwise.h"
#include "ops/gather/gather.h"
#include "ops/item_softmax/streamed.h"
#include "ops/registry.h"

namespace ctr {
namespace {

// The table's rows `ids`, and what is added to their scores: bias − ln Q.
struct SampledItems {
  Tensor ids, weight, shift;
  SampleHits hits;

  int64_t count() const { return ids.count(); }
  Chunk chunk(int64_t begin, int64_t size) const {
    const int64_t end = std::min(begin + size, count());
    return {weight.rows(begin, end), shift.rows(begin, end), &hits, begin};
  }
};

SampledItems sampled(const Var& table, const Var& bias, const Tensor& ids,
                     const Tensor& log_expected) {
  const NoGradient off;
  SampledItems items{ids, gather(table, ids).value(), log_expected.cast(table.dtype()).clone(), {}};
  if (bias.defined()) bias.catch_up(ids);
  visit_float(table.dtype(), "sampled_cross_entropy", [&](auto zero) {
    using T = decltype(zero);
    T* shift = items.shift.data<T>();
    const T* b = bias.defined() ? bias.stored().data<T>() : nullptr;
    const int64_t* id = ids.data<int64_t>();
    for (int64_t i = 0; i < ids.count(); ++i)
      shift[i] = (b == nullptr ? T(0) : b[id[i]]) - shift[i];
  });
  return items;
}

// Where the sample holds a row's target.
SampleHits hits_of(const Tensor& target, const Tensor& ids) {
  using Column = std::pair<int64_t, int64_t>;  // id and place in the sample
  StepVector<Column> columns;
  for (int64_t col = 0; col < ids.count(); ++col)
    columns.emplace_back(ids.data<int64_t>()[col], col);
  std::sort(columns.begin(), columns.end());
  StepVector<Column> hits;  // row and column
  for (int64_t row = 0; row < target.count(); ++row) {
    const int64_t id = target.data<int64_t>()[row];
    auto at = std::lower_bound(columns.begin(), columns.end(), Column{id, 0});
    for (; at != columns.end() && at->first == id; ++at) hits.emplace_back(row, at->second);
  }
  SampleHits result{Tensor({std::ssize(hits)}, DType::i64), Tensor({std::ssize(hits)}, DType::i64)};
  for (size_t i = 0; i < hits.size(); ++i) {
    result.row.data<int64_t>()[i] = hits[i].first;
    result.col.data<int64_t>()[i] = hits[i].second;
  }
  return result;
}

Tensor taken(const Tensor& values, const Tensor& index) {
  Tensor result({index.count()}, values.dtype());
  for (int64_t i = 0; i < index.count(); ++i)
    result.data<double>()[i] = values.data<double>()[index.data<int64_t>()[i]];
  return result;
}

// Gradients of rows for the table and the bias.
void put_items(GradientSink& sink, const Tensor& ids, const Tensor& dw, const Tensor& db) {
  sink.put_rows(1, {ids, dw, dw.dim(1), 0});
  sink.put_rows(2, {ids, db.reshaped({ids.count(), 1}), 1, 0});
}

// Adds the samples' part to dh.
template <class T>
void sample_backward(const CountedRows& rows, const SampledItems& items, const Tensor& lse,
                     const Tensor& dy, int64_t size, Tensor& dh, GradientSink& sink) {
  Tensor dw({items.count(), dh.dim(1)}, dy.dtype()), db({items.count()}, dy.dtype());
  for (int64_t begin = 0; begin < items.count(); begin += size) {
    const Chunk of = items.chunk(begin, size);
    const int64_t cols = of.weight.dim(0);
    const Tensor slope = slopes_of<T>(rows, of, lse, dy);
    product(slope, Transpose::no, of.weight, Transpose::no, dh, {{}, false, begin > 0});
    Tensor part = dw.rows(begin, begin + cols);
    product(slope, Transpose::yes, rows.h, Transpose::no, part, {});
    const Tensor sums = column_sum(slope, cols);
    std::copy_n(sums.data<T>(), cols, db.data<T>() + begin);
  }
  put_items(sink, items.ids, dw, db);
}

}  // namespace

Var sampled_cross_entropy(const Var& h, const Var& table, const Var& bias, const Tensor& target,
                          const ItemSample& sample, const ItemLossOptions& options) {
  const char* op = "sampled_cross_entropy";
  const CountedRows rows = counted_rows(op, h, table, bias, target, options);
  CTR_CHECK(sample.log_expected.count() == sample.ids.count() &&
                sample.of_target.count() == target.count(),
            "{}: {} sampled items with {} expected counts, and {} for {} targets", op,
            sample.ids.count(), sample.log_expected.count(), sample.of_target.count(),
            target.count());
  const int64_t count = rows.count(), width = h.dim(1);
  SampledItems items = sampled(table, bias, sample.ids, sample.log_expected);
  items.hits = hits_of(rows.target, sample.ids);
  const SampledItems own = sampled(table, bias, rows.target, taken(sample.of_target, rows.index));
  Tensor lse({count}, h.dtype()), score({count}, h.dtype()), loss;
  visit_float(h.dtype(), op, [&](auto zero) {
    using T = decltype(zero);
    reduce_rows(h.device(), count, width,
                TargetScore<T>{rows.h.data<T>(), own.weight.data<T>(), own.shift.data<T>(),
                               score.data<T>(), width});
    RunningSoftmax running{score.clone(), Tensor({count}, h.dtype()),
                           Tensor::full({count}, h.dtype(), 1), score};
    for (int64_t begin = 0; begin < items.count() && count > 0; begin += options.chunk)
      accumulate<T>(rows, items.chunk(begin, options.chunk), running);
    loss = finish<T>(running, count, lse);
  });
  auto backward = [=, size = options.chunk](const Tensor& dy, GradientSink& sink) {
    visit_float(dy.dtype(), "sampled_cross_entropy", [&](auto zero) {
      using T = decltype(zero);
      Tensor dh = Tensor::zeros({count, width}, dy.dtype());
      if (count > 0) sample_backward<T>(rows, items, lse, dy, size, dh, sink);
      Tensor slope({count}, dy.dtype()), dw({count, width}, dy.dtype());
      for_each(dy.device(), count,
               TargetSlope<T>{score.data<T>(), lse.data<T>(), dy.data<T>(), slope.data<T>(),
                              static_cast<T>(count)});
      for_each_2d(dy.device(), count, width,
                  TargetGradients<T>{slope.data<T>(), rows.h.data<T>(), own.weight.data<T>(),
                                     dw.data<T>(), dh.data<T>(), width});
      put_items(sink, rows.target, dw, slope);
      if (sink.needs(0)) sink.put(0, put_back(rows, dh));
    });
  };
  return record(op, loss, {h, table, bias}, backward);
}

OpInfo op_sampled_cross_entropy() {
  auto ids = [](std::vector<int64_t> values) {
    return Tensor::from(Shape{static_cast<int64_t>(values.size())}, values);
  };
  auto numbers = [](std::vector<double> values) {
    return Tensor::from(Shape{static_cast<int64_t>(values.size())}, values);
  };
  auto call = [](const OpArguments& a) {
    const Var bias = a.inputs.size() > 2 ? a.inputs[2] : Var();
    return std::vector<Var>{sampled_cross_entropy(a.inputs[0], a.inputs[1], bias, a.constants[0],
                                                  {a.constants[1], a.constants[2], a.constants[3]},
                                                  {static_cast<int64_t>(a.number("ignored", 0)),
                                                   static_cast<int64_t>(a.number("chunk", 4096))})};
  };
  const Tensor target = ids({1, 6, 0, 3, 1}), sample = ids({6, 2, 0, 2});
  const Tensor q = numbers({-1.5, 0.2, 0.4, 0.2}), of = numbers({0.1, -1.5, 0, 0.3, 0.1});
  return {
      .name = "sampled_cross_entropy",
      .formula =
          "y = mean of log(e^z_target + sum_s e^z_s) - z_target, z_v = <h, W_v> + bias_v - "
          "ln Q_v",
      .inputs = {"h", "w", "bias?"},
      .constants = {"target", "sample", "log_expected", "log_expected_of_target"},
      .attributes = {"ignored", "chunk"},
      .call = call,
      .cases = {{"odd sizes, hits, repeats", {{5, 3}, {7, 3}, {7}}, {target, sample, q, of}},
                {"in chunks", {{5, 3}, {7, 3}, {7}}, {target, sample, q, of}, {{"chunk", "3"}}},
                {"no bias", {{5, 3}, {7, 3}}, {target, sample, q, of}, {{"chunk", "1"}}},
                {"one row, one item",
                 {{1, 2}, {3, 2}, {3}},
                 {ids({2}), ids({1}), numbers({0}), numbers({0})}},
                {"empty", {{0, 2}, {3, 2}, {3}}, {ids({}), ids({1}), numbers({0}), numbers({})}}},
      .refused = {
          {"range", {{5, 3}, {7, 3}, {7}}, {target, ids({6, 2, 0, 7}), q, of}, {}, "gather: id 7"},
          {"target",
           {{5, 3}, {6, 3}, {6}},
           {target, sample, q, of},
           {},
           "sampled_cross_entropy: target 6 of row 1 is outside [0, 6)"},
          {"counts",
           {{5, 3}, {7, 3}, {7}},
           {target, sample, of, of},
           {},
           "4 sampled items with 5 expected counts, and 5 for 5 targets"}}};
}

}  // namespace ctr
