#pragma once
// Items ranked for each row, by models that score them all.

#include <cstdint>

#include "engine/tensor.h"
#include "io/batch.h"

namespace ctr {

// The score of item v for row b is <user_b, table_v> + bias_v.
struct ItemVectors {
  Tensor user;             // [B, D]; undefined: the model scores no items
  Tensor table = {};       // [V, D]
  Tensor bias = {};        // V numbers, or undefined
  int64_t field = -1;      // of the row's own item
  int64_t first_item = 1;  // ids below stand for no item: missing, and out of vocabulary
};

struct RankRule {
  // 0: among all items. Else among so many others, drawn uniformly with repetition (the sampled
  // metrics of many papers).
  int64_t samples = 0;
  uint64_t seed = 0;      // of the draws, by the number of the row
  int64_t first_row = 0;  // the number of the batch's first row
};

struct ItemPlaces {
  // i64 [B]: how many other items are scored as high as the row's item or higher, so that it stands
  // last among equals; −1 in rows that are no clicks (label above ½). An item out of vocabulary
  // stands behind all.
  Tensor place;
  // f64 [B]: ln of the softmax over all items at the row's item; NaN where it has no place, is out
  // of vocabulary, or is ranked among samples.
  Tensor log_probability;
};
ItemPlaces places_of(const ItemVectors& vectors, const Batch& batch, const RankRule& rule);

// The n highest scores of each row, falling; of equal ones the lower id first. n is cut to the
// number of items.
struct TopItems {
  Tensor id;     // i64 [B, n]
  Tensor score;  // f64 [B, n]
};
TopItems top_items(const ItemVectors& vectors, int64_t n);

}  // namespace ctr
