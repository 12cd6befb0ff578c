#pragma once
// A model: named parameters and a logit. Adding one: its file, one line in models/CMakeLists.txt
// (docs/add-a-model.md).

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "autograd/tape.h"
#include "io/batch.h"
#include "io/schema.h"
#include "models/options/options.h"
#include "models/peer.h"

namespace ctr {

class Model {
 public:
  virtual ~Model() = default;
  // Log-odds of a click → [B, 1].
  virtual Var logit(const Batch& batch) const = 0;
  // Models that count instead of descending a gradient see each training batch once.
  virtual bool counts() const { return false; }
  virtual void observe(const Batch&) {}
};

// What a model is built from.
struct ModelContext {
  const Schema& schema;
  const GivenVectors& vectors;
  const ModelOptions& options;
};

// Settings beyond a model's preset under which it is checked.
struct ModelVariant {
  std::string name;  // "low rank"
  std::function<void(ModelOptions&)> change;
};

struct ModelInfo {
  static void unchanged(ModelOptions&) {}

  std::string name;
  std::string title;
  std::string paper;
  std::function<std::unique_ptr<Model>(const Scope&, const ModelContext&)> make;
  // Defaults of this model.
  std::function<void(ModelOptions&)> preset = unchanged;
  // The sizes that were tuned for Criteo (BARS, Criteo_x4_001), beyond d = 16: what `bench` runs.
  std::function<void(ModelOptions&)> criteo = unchanged;
  // For checks: smaller sizes than the preset's, where it sets any beside hidden_units; and
  // variants of what that gives.
  std::function<void(ModelOptions&)> shrink = unchanged;
  std::vector<ModelVariant> variants = {};
  PeerNames peer = {};
  // Other classes of the peer that are this model with other settings.
  std::vector<PeerNames> other_peers = {};
  // Built only from data with a sequence that shares the table of the item field.
  bool needs_sequences = false;
  // Built only from data with a field of role domain.
  bool needs_domains = false;
};

// All models, in the order of models/CMakeLists.txt; and the one called `name`, or an error with
// the nearest name.
const std::vector<ModelInfo>& model_list();
const ModelInfo& find_model(const std::string& name);

}  // namespace ctr
