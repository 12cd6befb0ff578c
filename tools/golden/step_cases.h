#pragma once
// The models of ctr_goldens.json.

#include <map>
#include <set>
#include <string>

#include "io/batch.h"
#include "io/schema.h"

namespace ctr {

struct StepCase {
  std::string peer_model;                        // FuxiCTR's
  std::string options;                           // its options, JSON
  std::map<std::string, std::string> ours = {};  // settings of ours that are no options of the peer
  std::string embedding_dim = "4";
  double l2_net = 0.001;  // λ_n
  // Gradients that the file has wrong, by its names of the parameters. Neither they nor what the
  // file makes of them (the norm, the steps) are compared.
  std::set<std::string> wrong_gradients = {};
  Schema schema = {};
  Batch batch = {};
};

// The case called `tag` in the file; throws kind data when it is not known.
StepCase step_case(const std::string& tag);

}  // namespace ctr
