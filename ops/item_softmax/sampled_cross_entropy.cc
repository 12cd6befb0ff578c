#include <algorithm>
#include <utility>

#include "engine/check.h"
#include "engine/step_vector.h"
#include "ops/elementwise/elementwise_bodies.h"
#include "ops/gather/gather.h"
#include "ops/item_softmax/sampled_scores.h"
#include "ops/registry.h"

namespace ctr {
namespace {

SampledItems sampled(const Var& table, const Var& bias, const Tensor& ids,
                     const Tensor& log_expected) {
  const NoGradient off;
  SampledItems items{ids, gather(table, ids).value(), log_expected.cast(table.dtype()).clone()};
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

SampleGradients room_for_gradients(int64_t rows, int64_t items, int64_t width, DType dtype) {
  return {Tensor({rows, width}, dtype), Tensor({items, width}, dtype), Tensor({items}, dtype)};
}

// dy x, without touching x: the tape may be run again.
template <class T>
Tensor times(const Tensor& dy, const Tensor& x) {
  Tensor result(x.shape(), x.dtype());
  for_each(x.device(), x.count(), Scale<T>{x.data<T>(), result.data<T>(), dy.data<T>()[0]});
  return result;
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
  const SampledItems items = sampled(table, bias, sample.ids, sample.log_expected);
  const SampleHits hits = hits_of(rows.target, sample.ids);
  const SampledItems own = sampled(table, bias, rows.target, taken(sample.of_target, rows.index));
  Tensor lse({count}, h.dtype()), score({count}, h.dtype()), loss;
  SampleGradients gradients;
  if (Tape::current() != nullptr)
    gradients = room_for_gradients(count, items.count(), width, h.dtype());
  visit_float(h.dtype(), op, [&](auto zero) {
    using T = decltype(zero);
    reduce_rows(h.device(), count, width,
                TargetScore<T>{rows.h.data<T>(), own.weight.data<T>(), own.shift.data<T>(),
                               score.data<T>(), width});
    RunningSoftmax running{Tensor({count}, h.dtype()), {}, Tensor({count}, h.dtype()), score};
    SampledScores<T>(rows, items, hits, score)
        .run(running, gradients.dh.defined() ? &gradients : nullptr);
    loss = finish<T>(running, count, lse);
  });
  auto backward = [=](const Tensor& dy, GradientSink& sink) {
    visit_float(dy.dtype(), "sampled_cross_entropy", [&](auto zero) {
      using T = decltype(zero);
      Tensor dh = times<T>(dy, gradients.dh);
      if (count > 0)
        put_items(sink, items.ids, times<T>(dy, gradients.dw), times<T>(dy, gradients.db));
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
                                                  {static_cast<int64_t>(a.number("ignored", 0))})};
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
      .attributes = {"ignored"},
      .call = call,
      .cases = {{"odd sizes, hits, repeats", {{5, 3}, {7, 3}, {7}}, {target, sample, q, of}},
                {"no bias, every row counts",
                 {{5, 3}, {7, 3}},
                 {target, sample, q, of},
                 {{"ignored", "-1"}}},
                {"one row, one item",
                 {{1, 2}, {3, 2}, {3}},
                 {ids({2}), ids({1}), numbers({0}), numbers({0})}},
                {"empty", {{0, 2}, {3, 2}, {3}}, {ids({}), ids({1}), numbers({0}), numbers({})}}},
      .refused =
          {{"range", {{5, 3}, {7, 3}, {7}}, {target, ids({6, 2, 0, 7}), q, of}, {}, "gather: id 7"},
           {"target",
            {{5, 3}, {6, 3}, {6}},
            {target, sample, q, of},
            {},
            "sampled_cross_entropy: target 6 of row 1 is outside [0, 6)"},
           {"counts",
            {{5, 3}, {7, 3}, {7}},
            {target, sample, of, of},
            {},
            "4 sampled items with 5 expected counts, and 5 for 5 targets"}},
      .devices = {Device::cpu}};
}

}  // namespace ctr
