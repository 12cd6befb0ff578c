#pragma once
// The scores of rows for a sample of items, and all that is made of them, a few hundred rows at a
// time: their scores stay in the caches from the first product to the last.

#include <algorithm>
#include <array>

#include "engine/launch.h"
#include "engine/linalg.h"
#include "engine/profile.h"
#include "ops/item_softmax/item_softmax_bodies.h"
#include "ops/item_softmax/streamed.h"

namespace ctr {

// A table's rows `ids`, and what is added to their scores: bias − ln Q.
struct SampledItems {
  Tensor ids, weight, shift;  // [S], [S, D], [S]
  int64_t count() const { return ids.count(); }
};

// Pairs of a row and a sampled item that is the row's own target, by ascending rows: they are left
// out.
struct SampleHits {
  Tensor row, col;  // i64 [H] each
};

// Gradients of the mean loss by the sample's scores alone.
struct SampleGradients {
  Tensor dh, dw, db;  // [M, D], [S, D], [S]
};

template <class T>
class SampledScores {
 public:
  // score [M]: of the rows' own targets.
  SampledScores(const CountedRows& rows, const SampledItems& items, const SampleHits& hits,
                const Tensor& score)
      : rows_(rows), items_(items), hits_(hits), score_(score) {}

  // Fills the rows' largest score and Σ e^{z − largest}, their targets' and the sample's; with
  // `gradients`, these too. Rows are cut by the sizes alone.
  void run(RunningSoftmax& running, SampleGradients* gradients) {
    const int64_t most = std::min(kPieces * piece_rows(), rows_.count());
    scores_ = Tensor({most, items_.count()}, rows_.h.dtype());
    scaled_ = Tensor({most, width()}, rows_.h.dtype());
    factor_ = Tensor({most}, rows_.h.dtype());
    columns_ = columns_of_items();
    for (int64_t begin = 0; begin < rows_.count(); begin += most) {
      const int64_t count = std::min(most, rows_.count() - begin);
      // Threads keep their products by their sizes: the first group leaves each with those of a
      // whole one, the last may have others.
      const bool between = begin > 0 && begin + most < rows_.count();
      const Turns turns = between ? Turns::free : Turns::fixed;
      each(count, piece_rows(), turns, count * items_.count(),
           [&](Range piece) { score_piece(begin, piece, running, gradients); });
      if (gradients == nullptr) continue;
      const int64_t step = std::max<int64_t>(8, items_.count() / kItemPieces / 8 * 8);
      each(items_.count(), step, turns, count * items_.count(),
           [&](Range items) { add_to_items(begin == 0, count, items, *gradients); });
    }
    tell_profile(gradients != nullptr, most);
  }

 private:
  static constexpr int64_t kPieces = 8, kItemPieces = 12;
  struct Range {
    int64_t begin, end;
    int64_t count() const { return end - begin; }
  };

  int64_t width() const { return rows_.h.dim(1); }
  // Calls f for [0, n) in pieces of `step`, what is left over on this thread; for `work` scores.
  template <class F>
  void each(int64_t n, int64_t step, Turns turns, int64_t work, const F& f) const {
    const int64_t whole = n / step;
    auto piece = [&](int64_t i) { f(Range{i * step, std::min((i + 1) * step, n)}); };
    if (work >= 2 * parallel_grain()) {
      run_tasks(whole, turns, piece);
    } else {
      for (int64_t i = 0; i < whole; ++i) piece(i);
    }
    if (whole * step < n) piece(whole);
  }
  // Of rows that a thread takes through all steps but the last: what they score fits a core's
  // cache.
  int64_t piece_rows() const {
    constexpr int64_t kScores = int64_t{1} << 20;
    return std::clamp<int64_t>(kScores / std::max<int64_t>(1, items_.count()), 32, 64) / 8 * 8;
  }
  Matrix<const T> weight() const {
    return {items_.weight.data<T>(), items_.count(), width(), width()};
  }
  // The items side by side, [D, S]: turned around once, not for every piece of rows.
  Tensor columns_of_items() const {
    Tensor result({width(), items_.count()}, items_.weight.dtype());
    constexpr int64_t kTile = 16;
    const int64_t count = items_.count(), tiles = (count + kTile - 1) / kTile;
    const T* from = items_.weight.data<T>();
    T* to = result.data<T>();
    parallel_rows(tiles, kTile * width(), [&](int64_t begin, int64_t end) {
      for (int64_t first = begin * kTile; first < std::min(end * kTile, count); first += kTile) {
        const int64_t last = std::min(first + kTile, count);
        for (int64_t d = 0; d < width(); ++d)
          for (int64_t s = first; s < last; ++s) to[d * count + s] = from[s * width() + d];
      }
    });
    return result;
  }
  Matrix<T> scores(Range at, Range cols) {
    return {scores_.data<T>() + at.begin * items_.count() + cols.begin, at.count(), cols.count(),
            items_.count()};
  }

  // Rows `at` of the group that begins at row `begin`.
  void score_piece(int64_t begin, Range at, RunningSoftmax& running, SampleGradients* gradients) {
    const int64_t first = begin + at.begin;
    const Matrix<T> z = scores(at, {0, items_.count()});
    const Matrix<const T> h{rows_.h.data<T>() + first * width(), at.count(), width(), width()};
    timed(0, [&] {
      gemm_here(Device::cpu, h, Transpose::no,
                {columns_.data<T>(), width(), items_.count(), items_.count()}, Transpose::no, z,
                {items_.shift.data<T>()});
    });
    set_hits(begin, at, -math::kInfinity<T>);
    for (int64_t row = 0; row < at.count(); ++row) {  // each stays in the cache from pass to pass
      T* own = z.data + row * z.stride;
      const T* before = score_.data<T>() + first + row;
      T* largest = running.largest.data<T>() + first + row;
      T* sum = running.sum.data<T>() + first + row;
      reduce_rows(Device::cpu, 1, z.cols, ChunkMax<T>{own, before, largest, z.cols});
      reduce_rows(Device::cpu, 1, z.cols, ExpInPlace<T>{own, before, largest, sum, z.cols});
    }
    if (gradients == nullptr) return;
    set_hits(begin, at, T(0));
    T* dh = gradients->dh.data<T>() + first * width();
    timed(1, [&] {
      gemm_here(Device::cpu, {z.data, z.rows, z.cols, z.stride}, Transpose::no, weight(),
                Transpose::no, {dh, at.count(), width(), width()});
    });
    T* factor = factor_.data<T>() + at.begin;
    const auto count = static_cast<T>(rows_.count());
    for (int64_t row = 0; row < at.count(); ++row)
      factor[row] = T(1) / (running.sum.data<T>()[first + row] * count);
    for_each_2d(
        Device::cpu, at.count(), width(),
        ScaleRowInPlace<T>{factor, h.data, dh, scaled_.data<T>() + at.begin * width(), width()});
  }

  // dw += eᵀ (factor h), db += eᵀ factor for `count` rows of a group and these items.
  void add_to_items(bool first, int64_t count, Range items, SampleGradients& gradients) {
    const Matrix<const T> h{scaled_.data<T>(), count, width(), width()};
    const Matrix<T> e = scores({0, count}, items);
    T* db = gradients.db.data<T>() + items.begin;
    timed(2, [&] {
      gemm_here(Device::cpu, {e.data, e.rows, e.cols, e.stride}, Transpose::yes, h, Transpose::no,
                {gradients.dw.data<T>() + items.begin * width(), items.count(), width(), width()},
                {nullptr, false, !first});
    });
    if (first) std::fill_n(db, items.count(), T(0));
    for (int64_t row = 0; row < count; ++row)
      for_each(Device::cpu, items.count(),
               AddScaled<T>{e.data + row * e.stride, factor_.data<T>()[row], db});
  }

  // What was hit among rows `at` of the group gets this value.
  void set_hits(int64_t begin, Range at, T value) {
    const int64_t* row = hits_.row.data<int64_t>();
    const int64_t* end = row + hits_.row.count();
    const int64_t* one = std::lower_bound(row, end, begin + at.begin);
    for (; one != end && *one < begin + at.end; ++one)
      scores_.data<T>()[(*one - begin) * items_.count() + hits_.col.data<int64_t>()[one - row]] =
          value;
  }

  // Time of one of the three products on the thread that is measured: all have equal shares.
  template <class F>
  void timed(size_t product, const F& f) {
    if (Profile::current() == nullptr) return f();
    const double begin = seconds_now();
    f();
    seconds_[product] += seconds_now() - begin;
  }
  void tell_profile(bool gradients, int64_t rows) const {
    Profile* profile = Profile::current();
    if (profile == nullptr || rows == 0) return;
    const int64_t groups = (rows_.count() + rows - 1) / rows, items = items_.count();
    profile->product({rows, items, width(), 1, false, false, groups}, seconds_[0]);
    if (!gradients) return;
    profile->product({rows, width(), items, 1, false, false, groups}, seconds_[1]);
    profile->product({items, width(), rows, 1, true, false, groups}, seconds_[2]);
  }

  const CountedRows& rows_;
  const SampledItems& items_;
  const SampleHits& hits_;
  Tensor score_;
  Tensor columns_;
  Tensor scores_, scaled_, factor_;  // of a group of rows: e^{z − largest}, factor h, factor
  std::array<double, 3> seconds_{};
};

}  // namespace ctr
