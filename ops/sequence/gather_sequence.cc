#include <algorithm>

#include "engine/check.h"
#include "engine/launch.h"
#include "engine/profile.h"
#include "ops/registry.h"
#include "ops/sequence/sequence.h"
#include "ops/sequence/sequence_bodies.h"

namespace ctr {
namespace {

PaddedIds padded(const SequenceIds& of) {
  return {of.ids.data<int64_t>(),
          of.offsets.data<int64_t>(),
          of.offsets.count(),
          of.ids.count(),
          of.length,
          of.padding};
}

void check(const SequenceIds& of) {
  CTR_CHECK(of.ids.rank() == 1 && of.offsets.rank() == 1 && of.length > 0,
            "gather_sequence: ids {} and offsets {} must be [total] and [rows], for 1 place or "
            "more, got {}",
            of.ids.shape(), of.offsets.shape(), of.length);
  CTR_CHECK(of.offsets.count() > 0 || of.ids.count() == 0,
            "gather_sequence: {} ids belong to no row", of.ids.count());
  const auto* begin = of.offsets.data<int64_t>();
  int64_t before = 0;
  for (int64_t b = 0; b < of.offsets.count(); ++b) {
    CTR_CHECK(begin[b] >= before && begin[b] <= of.ids.count() && (b > 0 || begin[b] == 0),
              "gather_sequence: offsets must start at 0 and rise to at most {} ids, got {} after "
              "{} at row {}",
              of.ids.count(), begin[b], before, b);
    before = begin[b];
  }
}

}  // namespace

int64_t longest_row(const Tensor& ids, const Tensor& offsets) {
  int64_t longest = 0;
  const auto* begin = offsets.data<int64_t>();
  for (int64_t b = 0; b < offsets.count(); ++b) {
    const int64_t end = b + 1 < offsets.count() ? begin[b + 1] : ids.count();
    longest = std::max(longest, end - begin[b]);
  }
  return longest;
}

Tensor sequence_mask(const SequenceIds& of) {
  check(of);
  Tensor mask({of.offsets.count(), of.length}, DType::i64);
  const PaddedIds ids = padded(of);
  auto* out = mask.data<int64_t>();
  for (int64_t b = 0; b < ids.rows; ++b) {
    for (int64_t t = 0; t < of.length; ++t) *out++ = ids.at(b, t) >= 0 ? 1 : 0;
  }
  return mask;
}

Var gather_sequence(const Var& table, const SequenceIds& of) {
  CTR_CHECK(table.rank() == 2, "gather_sequence: a table must be [rows, width], got {}",
            table.shape());
  check(of);
  check_ids("gather_sequence", of.ids, table.dim(0), of.padding);
  const int64_t rows = of.offsets.count(), width = table.dim(1);
  table.catch_up(of.ids);
  Tensor y({rows, of.length, width}, table.dtype(), table.device());
  profile_read(of.ids.count() * width * static_cast<int64_t>(size_of(table.dtype())));
  visit_float(table.dtype(), "gather_sequence", [&](auto zero) {
    using T = decltype(zero);
    for_each_2d(y.device(), rows, of.length,
                GatherSequence<T>{padded(of), table.stored().data<T>(), y.data<T>(), width});
  });
  return record(
      "gather_sequence", y, {table}, [of, rows, width](const Tensor& dy, GradientSink& sink) {
        if (!sink.needs(0)) return;
        Tensor values({of.ids.count(), width}, dy.dtype(), dy.device());
        visit_float(dy.dtype(), "gather_sequence", [&](auto zero) {
          using T = decltype(zero);
          for_each_2d(dy.device(), rows, width,
                      GatherSequenceBackward<T>{padded(of), dy.data<T>(), values.data<T>(), width});
        });
        sink.put_rows(0, {of.ids, values, width, 0}, of.padding);
      });
}

OpInfo op_gather_sequence() {
  auto call = [](const OpArguments& a) {
    return std::vector<Var>{gather_sequence(
        a.inputs[0], {a.constants[0], a.constants[1], static_cast<int64_t>(a.number("length", 1)),
                      static_cast<int64_t>(a.number("padding", -1))})};
  };
  auto ints = [](std::vector<int64_t> values) {
    return Tensor::from(Shape{static_cast<int64_t>(values.size())}, values);
  };
  const Tensor ids = ints({1, 4, 1, 5, 0, 2});
  const Tensor offsets = ints({0, 3, 3, 4});
  return {.name = "gather_sequence",
          .formula = "y[b, t] = table[t-th id of row b], zeros behind its end",
          .inputs = {"table"},
          .constants = {"ids", "offsets"},
          .attributes = {"length", "padding"},
          .call = call,
          .cases = {{"odd sizes", {{6, 3}}, {ids, offsets}, {{"length", "4"}}},
                    {"padding", {{6, 3}}, {ids, offsets}, {{"length", "3"}, {"padding", "0"}}},
                    {"last ids kept", {{6, 2}}, {ids, offsets}, {{"length", "2"}}},
                    {"one empty row", {{6, 3}}, {ints({}), ints({0})}, {{"length", "2"}}},
                    {"no row", {{6, 3}}, {ints({}), ints({})}, {{"length", "2"}}}},
          .refused = {{"id too large",
                       {{3, 3}},
                       {ids, offsets},
                       {{"length", "4"}},
                       "gather_sequence: id 4 at position 1"},
                      {"falling offsets",
                       {{6, 3}},
                       {ids, ints({0, 3, 2})},
                       {{"length", "4"}},
                       "gather_sequence: offsets must start at 0"},
                      {"no place",
                       {{6, 3}},
                       {ids, offsets},
                       {{"length", "0"}},
                       "gather_sequence: ids [6] and offsets [4] must be"}}};
}

}  // namespace ctr
