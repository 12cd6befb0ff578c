#pragma once
// What the columns of a data set are. Models read it to build their embeddings; readers to lay out
// batches.

#include <cstdint>
#include <string>
#include <vector>

namespace ctr {

enum class FieldType : uint8_t {
  categorical,  // one id per row
  numeric,      // one number per row
  sequence,     // any number of ids per row (CSR)
};

// What a field means beyond its id; conditions and metrics find their columns by it.
enum class FieldRole : uint8_t { none, user, item, domain };

struct Field {
  std::string name;
  FieldType type = FieldType::categorical;
  int64_t vocabulary = 0;  // rows of the field's table (categorical, sequence)
  FieldRole role = FieldRole::none;
  bool padding = false;  // id 0 stands for "missing": a zero row that never learns
  std::string vectors;   // name of a given vector table [vocabulary, width] that replaces the
                         // embedding, or empty
  int64_t vector_width = 0;

  bool operator==(const Field&) const = default;
};

struct Schema {
  std::string name;           // of the data set
  std::vector<Field> fields;  // in input order
  int64_t domains = 1;        // ids of the domain column lie in [0, domains)
  std::vector<std::string> domain_names;

  // Position of the field called `name`; throws ctr::Error with the nearest known name.
  int64_t index_of(const std::string& name) const;

  bool operator==(const Schema&) const = default;
};

}  // namespace ctr
