#include "engine/check.h"
#include "engine/launch.h"
#include "engine/profile.h"
#include "ops/gather/gather.h"
#include "ops/gather/gather_bodies.h"
#include "ops/registry.h"

namespace ctr {
namespace {

void check_offsets(const Tensor& offsets, int64_t total) {
  const int64_t* begin = offsets.data<int64_t>();
  int64_t before = 0;
  for (int64_t b = 0; b < offsets.count(); ++b) {
    CTR_CHECK(
        begin[b] >= before && begin[b] <= total && (b > 0 || begin[b] == 0),
        "gather_bag: offsets must start at 0 and rise to at most {} ids, got {} after {} at row {}",
        total, begin[b], before, b);
    before = begin[b];
  }
}

}  // namespace

Var gather_bag(const Var& table, const Tensor& ids, const Tensor& offsets, Pooling pooling,
               int64_t padding) {
  CTR_CHECK(table.rank() == 2 && ids.rank() == 1 && offsets.rank() == 1,
            "gather_bag: table {} ids {} offsets {} must be [rows, width], [total] and [bags]",
            table.shape(), ids.shape(), offsets.shape());
  CTR_CHECK(offsets.count() > 0 || ids.count() == 0, "gather_bag: {} ids belong to no bag",
            ids.count());
  check_offsets(offsets, ids.count());
  check_ids("gather_bag", ids, table.dim(0), padding);
  const int64_t rows = offsets.count();
  const int64_t width = table.dim(1);
  const bool mean = pooling == Pooling::mean;
  table.catch_up(ids);
  Tensor y({rows, width}, table.dtype(), table.device());
  profile_read(ids.count() * width * static_cast<int64_t>(size_of(table.dtype())));
  visit_float(table.dtype(), "gather_bag", [&](auto zero) {
    using T = decltype(zero);
    for_each_2d(y.device(), rows, width,
                GatherBag<T>{table.stored().data<T>(), ids.data<int64_t>(), offsets.data<int64_t>(),
                             y.data<T>(), rows, ids.count(), width, padding, mean});
  });
  return record("gather_bag", y, {table},
                [ids, offsets, rows, width, padding, mean](const Tensor& dy, GradientSink& sink) {
                  if (!sink.needs(0)) return;
                  Tensor values({ids.count(), width}, dy.dtype(), dy.device());
                  visit_float(dy.dtype(), "gather_bag", [&](auto zero) {
                    using T = decltype(zero);
                    for_each_2d(dy.device(), rows, width,
                                GatherBagBackward<T>{dy.data<T>(), ids.data<int64_t>(),
                                                     offsets.data<int64_t>(), values.data<T>(),
                                                     rows, ids.count(), width, padding, mean});
                  });
                  sink.put_rows(0, {ids, values, width, 0}, padding);
                });
}

OpInfo op_gather_bag() {
  auto call = [](const OpArguments& a) {
    std::string mode = a.text("mode", "sum");
    CTR_CHECK(mode == "sum" || mode == "mean", "gather_bag: mode must be sum or mean, got '{}'",
              mode);
    return std::vector<Var>{gather_bag(a.inputs[0], a.constants[0], a.constants[1],
                                       mode == "mean" ? Pooling::mean : Pooling::sum,
                                       static_cast<int64_t>(a.number("padding", -1)))};
  };
  auto ints = [](std::vector<int64_t> values) {
    return Tensor::from(Shape{static_cast<int64_t>(values.size())}, values);
  };
  Tensor ids = ints({1, 4, 1, 5, 0, 0});
  Tensor offsets = ints({0, 3, 3, 4});
  return {
      .name = "gather_bag",
      .formula = "y[b] = sum or mean of table[ids[t]] over the row's ids",
      .inputs = {"table"},
      .constants = {"ids", "offsets"},
      .attributes = {"mode", "padding"},
      .call = call,
      .cases =
          {{"sum", {{6, 3}}, {ids, offsets}},
           {"mean", {{6, 3}}, {ids, offsets}, {{"mode", "mean"}}},
           {"mean with padding", {{6, 3}}, {ids, offsets}, {{"mode", "mean"}, {"padding", "0"}}},
           {"one empty bag", {{6, 3}}, {ints({}), ints({0})}},
           {"no bag", {{6, 3}}, {ints({}), ints({})}}},
      .refused = {{"falling offsets",
                   {{6, 3}},
                   {ids, ints({0, 3, 2})},
                   {},
                   "gather_bag: offsets must start at 0"},
                  {"offset too large",
                   {{6, 3}},
                   {ids, ints({0, 7})},
                   {},
                   "gather_bag: offsets must start at 0"},
                  {"id too large", {{3, 3}}, {ids, offsets}, {}, "gather_bag: id 4 at position 1"}},
      .golden = {{"embedding_bag_sum", {{"mode", "sum"}}, {{"padding_idx", "padding"}}},
                 {"embedding_bag_mean", {{"mode", "mean"}}, {{"padding_idx", "padding"}}}}};
}

}  // namespace ctr
