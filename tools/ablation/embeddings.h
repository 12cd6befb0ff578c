#pragma once
// Embeddings of equal memory, as variants of any model.

#include "models/model.h"
#include "tools/ablation/variants.h"

namespace ctr {

// Plain tables of some fields against what has at most `budget` of their numbers (0.25: a quarter):
// plain but narrower, hash, two hashes, quotient-remainder, DHE, each as large as that allows, by
// the numbers in the tables that the model would build. The fields are those of
// `options.embedding.fields`, or of the roles user and item, or else all with ids; given vectors
// give way to trained ones. `options` are the full model's. A variant whose smallest form is larger
// than the budget says so in `unfit`.
Ablation embedding_ablation(const std::string& model, const Schema& schema,
                            const GivenVectors& vectors, const ModelOptions& options,
                            double budget);

}  // namespace ctr
