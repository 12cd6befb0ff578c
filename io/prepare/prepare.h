#pragma once
// From raw rows to a prepared data set, in two passes over the source: the first counts the tokens
// and moments of the training split, the second encodes and writes. Memory is the vocabularies, the
// source's own tables and fixed buffers.

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>

#include "engine/options.h"
#include "io/prepare/row_source.h"
#include "io/vocabulary.h"

namespace ctr {

// Writes the given vector of a token, or of its id; false when there is none (its row stays zero).
using VectorLookup = std::function<bool(std::string_view token, int64_t id, std::span<float> out)>;

// Where the vectors of a field's tokens come from.
struct VectorSource {
  // Asked when the field's ids are final; may throw kind data when vectors and ids do not fit.
  std::function<VectorLookup(const Field& field)> lookup;
  int64_t width = 0;
  int64_t rows = -1;  // how many there are; -1: not counted
};

// What a converter hands over. In `schema`, each field's encoding says how its column is read;
// vocabulary sizes, domain names, offsets and scales are filled in by `prepare`, and an empty name.
// A label column is named as the label.
struct PreparePlan {
  Schema schema;
  std::unique_ptr<RowSource> source;
  std::map<std::string, VectorSource> vectors = {};  // by Field::vectors
  // By the name of a field: its tokens and their ids, as another data set has them. None of this
  // data's own tokens is added.
  std::map<std::string, std::shared_ptr<const Vocabulary>> vocabularies = {};
  std::string origin;  // one line: what the data is and where it comes from
  std::string note;    // one line that users must know, or empty
};

struct PrepareProgress {
  int pass = 1;  // 1 or 2
  int64_t bytes_read = 0, bytes_total = 0;
  int64_t rows = 0;
};

struct PrepareReport {
  int64_t rows[3] = {0, 0, 0};  // by split
  int64_t bad_lines = 0;
  struct FieldReport {
    std::string name;
    int64_t vocabulary = 0;         // rows of the table
    int64_t rare = 0;               // distinct tokens of the training split below min_count
    int64_t unseen[3] = {0, 0, 0};  // cells out of vocabulary, by split
    int64_t missing[3] = {0, 0, 0};
  };
  std::vector<FieldReport> fields;
  struct VectorReport {
    std::string name;     // of the field
    int64_t tokens = 0;   // that have an id
    int64_t missing = 0;  // of these without a vector: zeros
    int64_t cells = -1;   // of the training split, with such tokens; -1: not counted
    int64_t unused = -1;  // vectors of other tokens; -1: not counted
  };
  std::vector<VectorReport> vectors;
  std::vector<std::string> warnings;  // such as a domain with clicks alone
};

// Writes the data set directory `target` (which must not exist) whole or not at all. Throws kind
// data on an empty split that the source promised, and on what `bad` does not forgive.
PrepareReport prepare(PreparePlan& plan, const std::string& target, BadLines& bad,
                      const std::function<void(const PrepareProgress&)>& progress = {});

// A converter as the verb `prepare` lists it. `options` and `inputs` belong to one call.
class Converter {
 public:
  virtual ~Converter() = default;
  virtual OptionList options() = 0;
  // Opens the raw files or directories named on the command line.
  virtual PreparePlan open(const std::vector<std::string>& inputs) = 0;
};

struct ConverterInfo {
  std::string name;     // "criteo"
  std::string summary;  // one line
  std::string inputs;   // "FILE" or "DIRECTORY", for any number of them
  std::string example;  // a runnable command line
  std::function<std::unique_ptr<Converter>()> make;
};

// All converters, generated from io/CMakeLists.txt; and the one called `name`, or an error with the
// nearest name.
const std::vector<ConverterInfo>& converter_list();
const ConverterInfo& find_converter(const std::string& name);

}  // namespace ctr
