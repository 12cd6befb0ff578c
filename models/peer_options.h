#pragma once
// The peer's values that are spelled otherwise here.

#include "models/peer.h"

namespace ctr {

// The name of a class of torch.nn, or nothing, in one of our options that name activations.
inline PeerOption peer_activation(const std::string& ours) {
  return {ours, {{"leakyrelu", "leaky_relu"}, {"null", "identity"}}};
}

}  // namespace ctr
