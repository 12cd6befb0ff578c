#pragma once
// Fields [B, F, D] as matrices of one row per field: a tile of a few samples is [F, samples · D],
// so that mixing fields is one product per tile and what it needs on the way stays small.

#include <algorithm>
#include <cstdint>
#include <utility>

#include "engine/launch.h"
#include "engine/linalg.h"
#include "engine/parallel.h"
#include "engine/profile.h"
#include "engine/tensor.h"
#include "engine/thread_scratch.h"
#include "ops/fields/field_tiles_bodies.h"

namespace ctr {

// How a batch is cut: into chunks, which threads share, and these into tiles. By its shape alone,
// so that sums over a chunk, and over the chunks, do not depend on the threads.
class FieldTiles {
 public:
  FieldTiles(int64_t batch, int64_t width) : batch_(batch), width_(width) {
    constexpr int64_t kColumns = 384, kChunks = 24;
    tile_ = std::max<int64_t>(1, kColumns / std::max<int64_t>(1, width));
    const int64_t tiles = (batch + tile_ - 1) / tile_;
    chunk_ = std::max<int64_t>(1, (tiles + kChunks - 1) / kChunks) * tile_;
  }

  int64_t chunks() const { return (batch_ + chunk_ - 1) / chunk_; }
  int64_t tiles() const { return (batch_ + tile_ - 1) / tile_; }
  bool begins_chunk(int64_t first) const { return first % chunk_ == 0; }
  // Columns of a tile, and the distance of its rows: no power of two.
  int64_t columns() const { return tile_ * width_; }
  int64_t stride() const { return (columns() + 15) / 16 * 16 + 16; }
  // A product of [rows, inner] with a tile of `inner` rows, for all tiles.
  Product product(int64_t rows, int64_t inner) const {
    return {rows, columns(), inner, 1, false, false, tiles()};
  }

  // Numbers of `rows` rows of a tile for each thread.
  template <class T>
  ThreadScratch<T> scratch(int64_t rows) const {
    return ThreadScratch<T>(rows * stride());
  }

  // Calls f(chunk, first sample, samples) for every tile; those of a chunk in order. `work`:
  // multiply-adds of one sample.
  template <class F>
  void each(int64_t work, const F& f) const {
    parallel_tasks(chunks(), batch_ * work, [&](int64_t chunk) {
      const int64_t end = std::min(batch_, (chunk + 1) * chunk_);
      for (int64_t first = chunk * chunk_; first < end; first += tile_)
        f(chunk, first, std::min(tile_, end - first));
    });
  }

 private:
  int64_t batch_, width_, tile_, chunk_;
};

// Samples [first, first + samples) of x [B, F, D] to the tile at `to`.
template <class T>
void load_tile(const Tensor& x, int64_t first, int64_t samples, int64_t stride, T* to) {
  const int64_t fields = x.dim(1), width = x.dim(2);
  for_each_2d(
      x.device(), fields * samples, width,
      LoadTile<T>{x.data<T>() + first * fields * width, to, fields, width, samples, stride});
}

// The other way; `bias` [F] is added where there is one.
template <class T>
void store_tile(const T* from, int64_t stride, const T* bias, int64_t first, int64_t samples,
                Tensor& x) {
  const int64_t fields = x.dim(1), width = x.dim(2);
  for_each_2d(x.device(), fields * samples, width,
              StoreTile<T>{from, bias, x.data<T>() + first * fields * width, fields, width, samples,
                           stride});
}

// sum += part, or sum = part for the first tile of a chunk.
template <class T>
void add_part(Device device, const T* part, bool is_first, int64_t count, T* sum) {
  for_each(device, count, AddPart<T>{part, sum, is_first});
}

// Σ over samples and columns of dy [B, F, D] → [F].
Tensor field_sums(const Tensor& dy);

}  // namespace ctr
