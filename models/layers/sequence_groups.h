#pragma once

#include <string>
#include <vector>

#include "models/layers/embedding.h"

namespace ctr {

// Fields of the target and the sequences of their history, by position in the schema.
struct SequenceGroup {
  std::vector<int64_t> targets;
  std::vector<int64_t> sequences;
};

// The groups that two options of a model name, one element a group with '+' between its fields.
// Both empty: the item field and the first sequence that shares its table. Throws with the options'
// names where the groups do not fit each other or the schema.
std::vector<SequenceGroup> sequence_groups(const std::string& model, const Schema& schema,
                                           const NameList& targets, const NameList& sequences);

// One group of a batch.
struct SequenceBatch {
  Var target;   // [B, E], the targets' vectors side by side; undefined without targets
  Var history;  // [B, T, E], the sequences' vectors side by side, zeros where there is none
  Tensor mask;  // i64 [B, T]: where the first sequence has an id other than padding
};

// T is the first sequence's max_length; where it has none, the longest row of the batch and the
// group's sequences, at least 1.
SequenceBatch read_group(const Embedding& embedding, const Schema& schema,
                         const SequenceGroup& group, const Batch& batch);

// The same of one sequence without targets.
SequenceBatch read_sequence(const Embedding& embedding, const Schema& schema, int64_t sequence,
                            const Batch& batch);

// Of the vectors of these fields side by side.
int64_t width_of(const Embedding& embedding, const std::vector<int64_t>& fields);

}  // namespace ctr
