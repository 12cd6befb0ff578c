#pragma once
// What a layer of APG costs, version by version: the formulas beside what such a layer does when it
// is built (Yan et al., NeurIPS 2022, section 3.4: the steps from generated weights to shared,
// over-parameterised ones).

#include <cstdint>
#include <string>
#include <vector>

namespace ctr {

// A layer h [B, N] → [B, M] with conditions z [B, D], factors of rank K, and P of U = U_l U_r,
// V = V_l V_r.
struct ApgSizes {
  int64_t n = 0, m = 0, k = 0, d = 0, p = 0;
};

// Multiply-adds, weights and generated numbers; biases are in none of them.
struct LayerCost {
  double row_macs = 0;    // for each row
  double batch_macs = 0;  // once a batch: U_l U_r and V_l V_r in training
  double weights = 0;     // the layer's parameters, its generators' included
  double generated = 0;   // numbers that the generators make for a row, and W where they are
                          // multiplied out
};

struct ApgVersion {
  std::string name;
  std::string time, memory;  // the formulas as text
  LayerCost formula;
  bool measured = false;   // else `refused` says why
  LayerCost counted = {};  // of the layer that was built: products run, parameters held
  double row_us = 0;       // a row's share of a forward pass over `rows` rows
  std::string refused = {};
};

// static, basic, low rank, decomposed, shared, and with p > 0 over-parameterised (in training). A
// version is built and run over `rows` rows if its weights and what it generates for them stay
// below `most_bytes`. Throws kind usage where a size is below 1 or K exceeds N or M, or P > 0 is
// below K.
std::vector<ApgVersion> apg_complexity(const ApgSizes& sizes, int64_t rows, double most_bytes);

}  // namespace ctr
