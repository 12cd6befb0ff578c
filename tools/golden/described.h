#pragma once
// What a golden file says about its model, in our terms.

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "io/json.h"
#include "models/model.h"
#include "tools/golden/golden.h"

namespace ctr {

// The part of a parameter that a tensor of the file is: the `index`-th of as many elements as that
// has.
struct Slice {
  std::string parameter;
  int64_t index = 0;
};

struct Described {
  std::string model;
  ModelOptions options;
  Schema schema;
  std::map<std::string, std::string> names;        // the file's parameters → ours
  std::map<std::string, Slice> slices = {};        // the file's parameters → parts of ours
  std::map<std::string, std::string> states = {};  // other tensors of the file → our states
  std::vector<std::string> unused = {};  // the file's parameters that nothing reads, nor do we
};

// Two families of files: FuxiCTR's names and options, and our own (tests/golden/README.md).
Described described_by_fuxictr(const GoldenFile& file);
Described described_by_us(const GoldenFile& file);

// The same for the peer's model and options without a file. `shapes`: its parameters.
using PeerShapes = std::map<std::string, std::vector<int64_t>>;
Described described_peer(const std::string& peer_model, const Json& options, const Schema& schema,
                         const std::string& embedding_dim, const PeerShapes& shapes);

// Metadata that is JSON.
Json json_in(const GoldenFile& file, const std::string& key);
Schema schema_in(const GoldenFile& file);
// Sets an option from JSON: a list without brackets of strings, a number, a name.
void set_option(OptionList& list, const std::string& name, const Json& value);

}  // namespace ctr
