#include "engine/check.h"
#include "engine/launch.h"
#include "ops/elementwise/elementwise.h"
#include "ops/pooling/pooling.h"
#include "ops/pooling/pooling_bodies.h"
#include "ops/registry.h"

namespace ctr {
namespace {

void check(const Var& q, const Var& keys, const Var& w) {
  bool fits = q.rank() == 2 && keys.rank() == 3 && q.dim(0) == keys.dim(0) &&
              q.dim(1) == keys.dim(2) && q.dtype() == keys.dtype();
  if (fits && w.defined()) {
    const int64_t count = w.value().count();
    fits = (count == 1 || count == q.dim(1)) && w.dtype() == q.dtype();
  }
  CTR_CHECK(fits,
            "squared_distances: q {} {}, keys {} {} and w {} must be [B, D], [B, T, D] and [1] or "
            "[D]",
            q.dtype(), q.shape(), keys.dtype(), keys.shape(),
            w.defined() ? w.shape().text() : "none");
}

// The tensors of an operand of the bodies.
struct Kept {
  Tensor q, keys, w;
  int64_t rows() const { return keys.dim(0) * keys.dim(1); }
  bool scalar() const { return w.count() == 1; }
  template <class T>
  WeighedDifference<T> difference() const {
    return {q.data<T>(),      keys.data<T>(), w.defined() ? w.data<T>() : nullptr,
            scalar() ? 0 : 1, keys.dim(1),    keys.dim(2)};
  }
};

void backward_of(const Kept& kept, const Tensor& up, GradientSink& sink) {
  const Device device = up.device();
  const int64_t cols = kept.keys.dim(2);
  visit_float(up.dtype(), "squared_distances", [&](auto zero) {
    using T = decltype(zero);
    const WeighedDifference<T> difference = kept.difference<T>();
    const T* dy = up.data<T>();
    if (sink.needs(0)) {
      Tensor dq(kept.q.shape(), up.dtype(), device);
      for_each_2d(device, kept.q.dim(0), cols,
                  SquaredDistancesQuery<T>{difference, dy, dq.data<T>()});
      sink.put(0, dq);
    }
    if (sink.needs(1)) {
      Tensor dkeys(kept.keys.shape(), up.dtype(), device);
      for_each_2d(device, kept.rows(), cols,
                  SquaredDistancesKeys<T>{difference, dy, dkeys.data<T>()});
      sink.put(1, dkeys);
    }
    if (sink.needs(2)) {
      Tensor dw({cols}, up.dtype(), device);
      reduce_cols(device, kept.rows(), cols,
                  SquaredDistancesWeight<T>{difference, dy, dw.data<T>()});
      sink.put(2, kept.scalar() ? column_sum(dw, 1) : dw);
    }
  });
}

}  // namespace

Var squared_distances(const Var& q, const Var& keys, const Var& w) {
  check(q, keys, w);
  const Kept kept{q.value(), keys.value(), w.defined() ? w.value() : Tensor()};
  Tensor squared({keys.dim(0), keys.dim(1)}, q.dtype(), q.device());
  visit_float(q.dtype(), "squared_distances", [&](auto zero) {
    using T = decltype(zero);
    reduce_rows(q.device(), kept.rows(), keys.dim(2),
                SquaredDistances<T>{kept.difference<T>(), squared.data<T>()});
  });
  return record("squared_distances", squared, {q, keys, w},
                [kept](const Tensor& up, GradientSink& sink) { backward_of(kept, up, sink); });
}

OpInfo op_squared_distances() {
  auto call = [](const OpArguments& a) {
    return std::vector<Var>{
        squared_distances(a.inputs[0], a.inputs[1], a.inputs.size() > 2 ? a.inputs[2] : Var())};
  };
  return {.name = "squared_distances",
          .formula = "u_bt^2 = sum_d w_d^2 (q_bd - k_btd)^2",
          .inputs = {"q", "keys", "w?"},
          .constants = {},
          .call = call,
          .cases = {{"plain", {{3, 5}, {3, 2, 5}}},
                    {"one weight", {{2, 3}, {2, 4, 3}, {1}}},
                    {"diagonal", {{3, 11}, {3, 2, 11}, {11}}},
                    {"one number", {{2, 1}, {2, 3, 1}, {1}}},
                    {"empty", {{0, 3}, {0, 4, 3}, {3}}}},
          .refused = {{"rows",
                       {{3, 5}, {2, 2, 5}},
                       {},
                       {},
                       "squared_distances: q f64 [3,5], keys f64 [2,2,5] and w none must be"},
                      {"weights",
                       {{3, 5}, {3, 2, 5}, {4}},
                       {},
                       {},
                       "squared_distances: q f64 [3,5], keys f64 [3,2,5] and w [4] must be"}}};
}

}  // namespace ctr
