#include "ops/registry.h"

#include "engine/check.h"
#include "engine/nearest.h"

namespace ctr {

std::string OpArguments::text(const std::string& name, const std::string& otherwise) const {
  auto found = attributes.find(name);
  return found == attributes.end() ? otherwise : found->second;
}

double OpArguments::number(const std::string& name, double otherwise) const {
  auto found = attributes.find(name);
  return found == attributes.end() ? otherwise : std::stod(found->second);
}

const OpInfo& find_op(const std::string& name) {
  std::vector<std::string> names;
  for (const OpInfo& op : op_list()) {
    if (op.name == name) return op;
    names.push_back(op.name);
  }
  fail(ErrorKind::usage, "unknown operator '{}'{}", name, advice_on_name(name, names));
}

}  // namespace ctr
