#pragma once
// What a golden file says about its model, in our terms.

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "io/json.h"
#include "models/model.h"
#include "tools/golden/golden.h"

namespace ctr {

// Where a tensor of the file lies in a parameter of ours that holds more, or lies otherwise: at
// each of its elements in turn.
struct Part {
  std::string parameter;
  std::vector<int64_t> elements;
};
// The `index`-th of slices of `count` elements.
Part slice_of(const std::string& parameter, int64_t index, int64_t count);

struct Described {
  std::string model;
  ModelOptions options;
  Schema schema;
  std::map<std::string, std::string> names;        // the file's parameters → ours
  std::map<std::string, Part> parts = {};          // the same, where they are part of ours
  std::set<std::string> partly = {};               // those of ours that parts need not fill
  std::map<std::string, std::string> states = {};  // other tensors of the file → our states
  std::vector<std::string> on_the_way = {};  // results inside the model, compared by unit tests
  std::vector<std::string> unused = {};      // the file's parameters that nothing reads, nor do we
};

// Two families of files: FuxiCTR's names and options, and our own (tests/golden/README.md).
Described described_by_fuxictr(const GoldenFile& file);
Described described_by_us(const GoldenFile& file);
// Of our own, files of MLoRA's backbones.
bool is_mlora(const GoldenFile& file);
Described described_mlora(const GoldenFile& file);

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
