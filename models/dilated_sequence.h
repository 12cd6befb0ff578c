#pragma once

#include <functional>
#include <string>
#include <vector>

#include "models/layers/dilated_stream.h"
#include "models/sequence_stream.h"

namespace ctr {

// The stream of a causal dilated network over a table's items. Two ways to read it:
//   last   f is the row of a sequence's last item; a sequence without a place has none
//   peek   f is the row of a token after it, which the sequence does not keep (PeterRec's CLS)
class DilatedSequence : public SequenceStream {
 public:
  struct Reading {
    bool relu = false;                            // last: f = relu(h)
    std::function<Var(int64_t rows)> token = {};  // peek: [rows, 1, D]; none: last
  };

  DilatedSequence(const DilatedNet& net, const Parameter& table, int64_t users, Reading reading,
                  const ItemScores& scores);

  void begin(std::span<const int64_t> users, int64_t pads) override;
  void push(std::span<const int64_t> users, std::span<const int64_t> items) override;
  Tensor vectors(std::span<const int64_t> users) override;

 private:
  const Parameter& table_;
  DilatedStream stream_;
  Reading reading_;
  Tensor last_;              // h of users' last items, [users, D]; peek: none
  std::vector<bool> begun_;  // whether there is one
};

}  // namespace ctr
