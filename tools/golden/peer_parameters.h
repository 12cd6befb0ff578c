#pragma once
// FuxiCTR's parameter names in ours.

#include <map>
#include <string>

#include "models/peer.h"
#include "tools/golden/described.h"

namespace ctr {

// Of each parameter of a model; one that no rule knows keeps its name. The rules: the model's own
// (PeerNames::parameters); vectors and linear weights of fields; modules `<prefix>.mlp.<n>`, where
// a matrix begins a layer and what follows it up to the next is its norm and its activation; APG's
// `<prefix>.dense_layers.linear_<n>`.
std::map<std::string, std::string> our_names(const PeerNames& peer, const PeerShapes& shapes);

}  // namespace ctr
