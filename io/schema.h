#pragma once
// What the columns of a data set are, and how raw text becomes their ids and numbers. Models read
// it to build their embeddings; readers to lay out batches; `prepare` and `predict` to encode text.

#include <cstdint>
#include <string>
#include <vector>

namespace ctr {

enum class FieldType : uint8_t {
  categorical,  // one id per row
  numeric,      // one number per row
  multivalued,  // any number of ids per row, in no order (CSR)
  sequence,     // any number of ids per row, oldest first (CSR)
};

// What a field means beyond its id; conditions and metrics find their columns by it.
enum class FieldRole : uint8_t { none, user, item, domain, group };

// How a token becomes an id.
enum class IdRule : uint8_t {
  vocabulary,  // ids of the tokens seen in the training split
  hash,        // first_token + XXH3(token) mod buckets
  given,       // the text is the id
};

// What is done to a categorical cell before its token is looked up.
enum class TokenRule : uint8_t {
  text,        // nothing
  log_square,  // a number x: floor(ln(x)²) above 2, else trunc(x) (Criteo_x4)
  boundaries,  // a number: how many of Encoding::boundaries it reaches
};

// What is done to a number.
enum class NumberRule : uint8_t {
  raw,
  standard,  // (x − mean) / deviation of the training split
  minmax,    // (x − least) / (most − least) of the training split
  log,       // log(1 + max(x, 0)) (DLRM)
};

// From raw text to a field. `offset` and `scale` are found by `prepare` (standard, minmax).
struct Encoding {
  std::string column;  // of the raw rows; empty: the field's name
  IdRule ids = IdRule::vocabulary;
  TokenRule tokens = TokenRule::text;
  NumberRule numbers = NumberRule::raw;
  std::vector<double> boundaries = {};  // ascending
  int64_t min_count = 1;  // vocabulary: rarer tokens of the training split are out of vocabulary
  int64_t buckets = 0;    // hash
  char separator = '|';   // between the tokens of a list
  bool missing_is_token = true;  // an empty cell is a token like any other; else out of vocabulary
  double missing = 0;            // the number of an empty cell
  double offset = 0;             // numbers are (x − offset) · scale
  double scale = 1;

  bool operator==(const Encoding&) const = default;
};

struct Field {
  std::string name;
  FieldType type = FieldType::categorical;
  int64_t vocabulary = 0;  // rows of the field's table (all types but numeric)
  FieldRole role = FieldRole::none;
  bool padding = false;      // id 0 stands for "missing": a zero row that never learns
  std::string vectors = {};  // name of a given vector table [vocabulary, width] that replaces the
                             // embedding, or empty
  int64_t vector_width = 0;
  bool unseen = false;     // id 1 (0 without padding) stands for tokens out of vocabulary
  bool input = true;       // false: carried for metrics alone, no model reads it
  int64_t max_length = 0;  // most ids of a row that are kept (lists); 0: all. Sequences keep the
                           // last ones
  Encoding encoding = {};
  std::string shares = {};  // name of an earlier field whose vocabulary and table this one uses, or
                            // empty

  bool is_list() const { return type == FieldType::multivalued || type == FieldType::sequence; }
  // Id of the first token: those below stand for missing and unseen ones.
  int64_t first_token() const { return (padding ? 1 : 0) + (unseen ? 1 : 0); }
  int64_t unseen_id() const { return unseen ? (padding ? 1 : 0) : -1; }

  bool operator==(const Field&) const = default;
};

struct Schema {
  std::string name;           // of the data set
  std::vector<Field> fields;  // in input order
  int64_t domains = 1;        // ids of the domain field lie in [0, domains)
  std::vector<std::string> domain_names;
  std::vector<std::string> labels = {"label"};

  // Position of the field called `name`; throws ctr::Error with the nearest known name.
  int64_t index_of(const std::string& name) const;
  // Position of the first field of this role, -1 when there is none.
  int64_t index_of(FieldRole role) const;

  // Its number where it has no name.
  std::string domain_name(size_t domain) const;

  bool operator==(const Schema&) const = default;
};

// Throws kind data unless each field that shares a table names an earlier one of the same
// vocabulary that has a table of its own.
void check_shares(const Schema& schema);

// As written in schema.json.
std::string_view name_of(FieldType type);
std::string_view name_of(FieldRole role);

}  // namespace ctr
