#pragma once
// Steps that rows of a table missed, replayed: the rule of rule_bodies.h, run for one row over many
// steps instead of for all rows over one step. The same operations in the same order on every
// number, so the same bits.

#include "ops/optim/rule_bodies.h"

namespace ctr {

// One missed step: its rule, and what clipping multiplied the gradient by.
template <class Rule, class T>
struct MissedStep {
  Rule rule;
  T factor;
};

// What a rule does at g = 0. `kRests`: nothing at all. `state` is the number-th number of state
// after such a step. `widen` makes `all` a rule whose moves are at least those of both. `most` is
// at least |move of w| in each of the following steps with rules within `all`: the state's sizes
// only fall, those of squares to no less than `shrink` times what they are; it is 0 only where no
// step moves w by even −0.
template <class Rule>
struct Idle;

template <class T>
struct Idle<SgdRule<T>> {
  static constexpr bool kRests = true;
};

template <class T>
struct Idle<AdagradRule<T>> {
  static constexpr bool kRests = true;
};

// A bound that underflowed, or a move that will, still is one.
template <class T>
CTR_HD inline T at_least_tiny(T bound, T size) {
  return size > T(0) ? math::max_of(bound, T(1e-37)) : bound;
}

template <class T>
struct Idle<MomentumRule<T>> {
  static constexpr bool kRests = false;
  CTR_HD static T state(const MomentumRule<T>& rule, int, T b) { return rule.sum(T(0), b); }
  CTR_HD static void widen(MomentumRule<T>& all, const MomentumRule<T>& rule) {
    all.rate = math::max_of(all.rate, rule.rate);
  }
  CTR_HD static double shrink(const MomentumRule<T>&) { return 1; }
  CTR_HD static T most(const MomentumRule<T>& all, const T* b, int64_t, T) {
    const T size = b[0] < T(0) ? -b[0] : b[0];
    return at_least_tiny(all.rate * size, size);
  }
};

template <class T>
struct Idle<RmspropRule<T>> {
  static constexpr bool kRests = false;
  CTR_HD static T state(const RmspropRule<T>& rule, int, T a) { return rule.square(T(0), a); }
  CTR_HD static void widen(RmspropRule<T>&, const RmspropRule<T>&) {}
  CTR_HD static double shrink(const RmspropRule<T>&) { return 1; }
  CTR_HD static T most(const RmspropRule<T>&, const T*, int64_t, T) { return T(0); }
};

template <class T>
struct Idle<AdamRule<T>> {
  static constexpr bool kRests = false;
  CTR_HD static T state(const AdamRule<T>& rule, int number, T value) {
    return number == 0 ? rule.mean(T(0), value) : rule.square(T(0), value);
  }
  CTR_HD static void widen(AdamRule<T>& all, const AdamRule<T>& rule) {
    all.rate = math::max_of(all.rate, rule.rate);
    all.correction = math::min_of(all.correction, rule.correction);
    if (rule.keep != T(1)) all.keep = rule.keep;
  }
  // β2, less than what rounding can take from a product with it.
  CTR_HD static double shrink(const AdamRule<T>& rule) {
    return static_cast<double>(rule.beta2) * (1 - 1e-6);
  }
  // The rule's own operations in their order, each of them monotone, on the largest |m| and the
  // smallest v to come.
  CTR_HD static T most(const AdamRule<T>& all, const T* m, int64_t stride, T shrink) {
    const T size = m[0] < T(0) ? -m[0] : m[0];
    const T least = m[stride] * shrink;
    const T square = least < T(1e-30) ? T(0) : least;  // below, products lose more than that
    const T move = all.rate * size / (math::sqrt(square) * all.correction + all.epsilon);
    return all.keep == T(1) ? at_least_tiny(move, size) : math::kInfinity<T>;
  }
};

// Rows of weight [.., width] with state [.., kState, width], brought from where they stand to the
// end of `steps`. A pack of rows shares the lanes of one loop; rows wider than that take several
// packs, each for its columns.
template <class Rule, class T>
struct ReplayRows {
  static constexpr const char* kName = "replay";
  static constexpr int64_t kLanes = 64;
  const int64_t* rows;  // [count], by rising first step that they lack: that step << 32 | row
  int64_t count;
  const MissedStep<Rule, T>* steps;
  int64_t end;
  Rule all;  // widened over the steps
  T* weight;
  T* state;
  int64_t width;
  T lambda;

  CTR_HD static int64_t rows_per_pack(int64_t width) { return width < kLanes ? kLanes / width : 1; }
  CTR_HD static int64_t packs_per_row(int64_t width) { return (width + kLanes - 1) / kLanes; }
  CTR_HD int64_t packs() const {
    const int64_t per_pack = rows_per_pack(width);
    return (count + per_pack - 1) / per_pack * packs_per_row(width);
  }
  int64_t work() const { return kLanes * (end - (rows[0] >> 32)); }

  CTR_HD void operator()(int64_t pack) const {
    const int64_t per_pack = rows_per_pack(width), per_row = packs_per_row(width);
    const int64_t begin = pack / per_row * per_pack;
    const int64_t rows_here = math::min_of(per_pack, count - begin);
    const int64_t column = pack % per_row * kLanes;
    const int64_t columns = math::min_of(kLanes, width - column);
    Lanes lanes;
    for (int64_t k = 0; k < kLanes; ++k) lanes.w[k] = T(0);
    for (int64_t k = 0; k < kLanes * kNumbers; ++k) lanes.s[k] = T(0);
    int64_t at = rows[begin] >> 32;
    for (int64_t r = 0; r < rows_here; ++r) {
      const int64_t first = rows[begin + r] >> 32;
      run(lanes, at, first);
      at = first;
      load(lanes, (rows[begin + r] & 0xFFFFFFFF) * width + column, r * columns, columns);
    }
    run(lanes, at, end);
    for (int64_t r = 0; r < rows_here; ++r)
      store(lanes, (rows[begin + r] & 0xFFFFFFFF) * width + column, r * columns, columns);
  }

 private:
  static constexpr int64_t kNumbers = Rule::kState > 0 ? Rule::kState : 1;
  struct Lanes {
    T w[kLanes];
    T s[kLanes * kNumbers];
  };

  CTR_HD int64_t state_at(int64_t element, int64_t number) const {
    return element / width * width * Rule::kState + number * width + element % width;
  }
  CTR_HD void load(Lanes& lanes, int64_t element, int64_t lane, int64_t columns) const {
    for (int64_t k = 0; k < columns; ++k) lanes.w[lane + k] = weight[element + k];
    for (int64_t n = 0; n < Rule::kState; ++n) {
      const T* source = state + state_at(element, n);
      for (int64_t k = 0; k < columns; ++k) lanes.s[n * kLanes + lane + k] = source[k];
    }
  }
  CTR_HD void store(const Lanes& lanes, int64_t element, int64_t lane, int64_t columns) const {
    for (int64_t k = 0; k < columns; ++k) weight[element + k] = lanes.w[lane + k];
    for (int64_t n = 0; n < Rule::kState; ++n) {
      T* target = state + state_at(element, n);
      for (int64_t k = 0; k < columns; ++k) target[k] = lanes.s[n * kLanes + lane + k];
    }
  }

  CTR_HD void run(Lanes& lanes, int64_t begin, int64_t last) const {
    if (begin >= last) return;
    if constexpr (!Idle<Rule>::kRests) {
      if (lambda == T(0)) return idle(lanes, begin, last);
    }
    for (int64_t i = begin; i < last; ++i) {
      const MissedStep<Rule, T> step = steps[i];
      for (int64_t k = 0; k < kLanes; ++k) {
        const T g = step.factor * (T(0) + lambda * lanes.w[k]);
        step.rule(g, lanes.w[k], lanes.s + k, kLanes);
      }
    }
  }

  // Without a penalty: whole steps until none of those to come can move a weight, then what is left
  // of the state.
  CTR_HD void idle(Lanes& lanes, int64_t begin, int64_t last) const {
    constexpr int64_t kBlock = 16;
    int64_t at = begin;
    while (at < last && (last - at < kBlock || !settled(lanes, last - at))) {
      const int64_t until = math::min_of(at + kBlock, last);
      for (; at < until; ++at) {
        const Rule rule = steps[at].rule;
        for (int64_t k = 0; k < kLanes; ++k) rule(T(0), lanes.w[k], lanes.s + k, kLanes);
      }
    }
    if (at == last) return;
    if constexpr (Rule::kState > 0) fade<0>(lanes, last - at);
    if constexpr (Rule::kState > 1) fade<1>(lanes, last - at);
  }

  // True when no weight can change any more: neither w − b nor w + b rounds to anything but w, b at
  // least as large as every move to come, and rounding is monotone.
  CTR_HD bool settled(const Lanes& lanes, int64_t left) const {
    const T shrink = static_cast<T>(::pow(Idle<Rule>::shrink(all), static_cast<double>(left)));
    int moving = 0;
    for (int64_t k = 0; k < kLanes; ++k) {
      const T w = lanes.w[k];
      const T b = Idle<Rule>::most(all, lanes.s + k, kLanes, shrink);
      moving |= (w - b == w) & (w + b == w) ? 0 : 1;
    }
    return moving == 0;
  }

  // One number of state alone, `left` steps on, or until it stays as it is.
  template <int kNumber>
  CTR_HD void fade(Lanes& lanes, int64_t left) const {
    constexpr int64_t kBlock = 32;
    T* values = lanes.s + kNumber * kLanes;
    T x[kLanes];
    for (int64_t k = 0; k < kLanes; ++k) x[k] = values[k];
    int changing = 1;
    while (left > 0 && changing != 0) {
      for (int64_t i = math::min_of(kBlock, left) - 1; i > 0; --i, --left)
        for (int64_t k = 0; k < kLanes; ++k) x[k] = Idle<Rule>::state(all, kNumber, x[k]);
      changing = 0;
      for (int64_t k = 0; k < kLanes; ++k) {
        const T next = Idle<Rule>::state(all, kNumber, x[k]);
        changing |= next != x[k] ? 1 : 0;
        x[k] = next;
      }
      --left;
    }
    for (int64_t k = 0; k < kLanes; ++k) values[k] = x[k];
  }
};

template <class T>
using ReplaySgd = ReplayRows<SgdRule<T>, T>;
template <class T>
using ReplayMomentum = ReplayRows<MomentumRule<T>, T>;
template <class T>
using ReplayAdam = ReplayRows<AdamRule<T>, T>;
template <class T>
using ReplayAdagrad = ReplayRows<AdagradRule<T>, T>;
template <class T>
using ReplayRmsprop = ReplayRows<RmspropRule<T>, T>;
CTR_KERNEL(for_each, ReplaySgd);
CTR_KERNEL(for_each, ReplayMomentum);
CTR_KERNEL(for_each, ReplayAdam);
CTR_KERNEL(for_each, ReplayAdagrad);
CTR_KERNEL(for_each, ReplayRmsprop);

}  // namespace ctr
