#pragma once
// Golden files of sequence models: NextItNet, PeterRec, GRU4Rec, SASRec, Encoder. Their `fields`
// name the sequence of items alone; `label` [B, T], and `input/positive` and `input/negative` ([B],
// or [B, T] of SASRec), become fields too. Parameters have our names.

#include "tools/golden/described.h"

namespace ctr {

bool is_sequence_model(const std::string& model);
Described described_sequences(const GoldenFile& file);

}  // namespace ctr
