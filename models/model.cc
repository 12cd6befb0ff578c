#include "models/model.h"

#include "engine/check.h"
#include "engine/nearest.h"

namespace ctr {

const ModelInfo& find_model(const std::string& name) {
  std::vector<std::string> names;
  for (const ModelInfo& model : model_list()) {
    if (model.name == name) return model;
    names.push_back(model.name);
  }
  fail(ErrorKind::usage, "unknown model '{}'{}", name, advice_on_name(name, names));
}

}  // namespace ctr
