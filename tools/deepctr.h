#pragma once
// The models of DeepCTR 0.9, which MAMDR and MLoRA train, in our terms.

#include <map>
#include <string>

namespace ctr {

struct DeepCtrModel {
  std::string model;                                 // ours
  std::map<std::string, std::string> dialect = {};   // our options that make it theirs
  std::map<std::string, std::string> defaults = {};  // and their defaults of others
  std::string wide = "always";  // the linear term: always, never, or our option that adds it
};

// By the names of MLoRA's configurations: mlp, wdl, nfm, autoint, pnn, deepfm, dcn, xdeepfm,
// fibinet.
const std::map<std::string, DeepCtrModel>& deepctr_models();

}  // namespace ctr
