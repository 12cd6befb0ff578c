#pragma once
// How FuxiCTR, the peer whose numbers the field compares with, calls what a model of ours holds:
// golden files are read by it, and so can its configurations be.

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace ctr {

// One of the peer's settings in our terms.
struct PeerOption {
  std::string ours;  // the name of our option
  // The peer's value, in lower case → ours, or "option=value" where it is another option's; those
  // not listed are taken as they are.
  std::map<std::string, std::string> values = {};
};

// An MLP of the peer: modules `<prefix>.mlp.<n>`, and ours below `<hidden>/<l>` and `<head>`.
struct PeerMlp {
  std::string prefix;  // a regular expression; groups may stand in the names below as $1 …
  std::string hidden;
  std::string head = "";  // empty: it ends with its last hidden layer
};

struct PeerNames {
  std::string model;                                 // "DCNv2"; empty: the peer has no such model
  std::map<std::string, std::string> defaults = {};  // our options as the peer's class has them
  // Beside hidden_units, dnn_hidden_units, their activations, net_dropout and batch_norm.
  std::map<std::string, PeerOption> options = {};
  // Beside `mlp` and `dnn`, which are `mlp` and `head` of ours.
  std::vector<PeerMlp> mlps = {};
  // Regular expressions of whole names, beside those of embeddings and linear terms, and our names.
  std::vector<std::pair<std::string, std::string>> parameters = {};
};

// The name of a class of torch.nn, or nothing, in one of our options that name activations.
inline PeerOption peer_activation(const std::string& ours) {
  return {ours, {{"leakyrelu", "leaky_relu"}, {"null", "identity"}}};
}

}  // namespace ctr
