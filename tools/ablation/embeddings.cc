#include "tools/ablation/embeddings.h"

#include <algorithm>
#include <cmath>

#include "engine/check.h"
#include "models/layers/embedding.h"

namespace ctr {
namespace {

bool has_ids(const Field& field) { return field.input && field.type != FieldType::numeric; }

NameList compared_fields(const Schema& schema, const ModelOptions& options) {
  if (!options.embedding.fields.empty()) return options.embedding.fields;
  NameList fields;
  for (FieldRole role : {FieldRole::user, FieldRole::item}) {
    const int64_t index = schema.index_of(role);
    if (index < 0) continue;
    const Field& field = schema.fields[static_cast<size_t>(index)];
    if (has_ids(field)) fields.push_back(field.name);
  }
  for (const Field& field : schema.fields)
    if (fields.empty() && has_ids(field) && field.shares.empty()) fields.push_back(field.name);
  CTR_CHECK_DATA(!fields.empty(), "ablate: data set '{}' has no field with ids to embed",
                 schema.name);
  return fields;
}

// Numbers that training moves in the vectors of some fields.
class TableSizes {
 public:
  TableSizes(const Schema& schema, const GivenVectors& vectors, ModelOptions options)
      : schema_(schema), vectors_(vectors), options_(std::move(options)) {}

  // With settings over the options; -1 where the tables cannot be built so.
  int64_t of(const std::vector<Setting>& settings) const {
    ModelOptions options = options_;
    OptionList list = options.list();
    for (const Setting& setting : settings) list.set(setting.option, setting.value, "ablate");
    ParameterStore store(DType::f32, 1);
    try {
      const Embedding built(Scope(store), {schema_, vectors_, options});
    } catch (const Error&) {
      return -1;
    }
    int64_t count = 0;
    for (const auto& parameter : store.all())
      if (!parameter->frozen && of_compared(parameter->name)) count += parameter->value.count();
    return count;
  }

 private:
  bool of_compared(const std::string& name) const {
    for (const std::string& field : options_.embedding.fields) {
      const std::string whole = "embedding/" + field;
      if (name == whole || name.starts_with(whole + "/")) return true;
    }
    return false;
  }

  const Schema& schema_;
  const GivenVectors& vectors_;
  ModelOptions options_;
};

// A family of variants by one size.
struct Family {
  std::string name;
  std::function<std::string(int64_t)> what;
  std::function<std::vector<Setting>(int64_t)> settings;
  int64_t least, most;  // sizes; numbers grow with them
};

std::vector<Family> families(const Schema& schema, const NameList& fields, int64_t width) {
  int64_t largest = 0;
  for (const std::string& field : fields)
    largest =
        std::max(largest, schema.fields[static_cast<size_t>(schema.index_of(field))].vocabulary);
  const auto root = static_cast<int64_t>(std::ceil(std::sqrt(static_cast<double>(largest))));
  return {
      {"narrow", [](int64_t n) { return fmt::format("a row for each id, {} wide", n); },
       [](int64_t n) {
         return std::vector<Setting>{{"embedding_dim", std::to_string(n)}};
       },
       1, width},
      {"hash", [](int64_t n) { return fmt::format("ids share {} rows by a hash", n); },
       [](int64_t n) {
         return std::vector<Setting>{{"embeddings", "hash"}, {"hash_rows", std::to_string(n)}};
       },
       1, largest},
      {"double-hash",
       [](int64_t n) { return fmt::format("the sum of two tables of {} rows, a hash each", n); },
       [](int64_t n) {
         return std::vector<Setting>{
             {"embeddings", "hash"}, {"hash_count", "2"}, {"hash_rows", std::to_string(n)}};
       },
       1, largest},
      {"quotient-remainder",
       [](int64_t n) { return fmt::format("rows of id div {0} times rows of id mod {0}", n); },
       [](int64_t n) {
         return std::vector<Setting>{{"embeddings", "quotient-remainder"},
                                     {"qr_divisor", std::to_string(n)}};
       },
       root, largest},
      {"dhe", [](int64_t n) { return fmt::format("decoders with two layers of {}", n); },
       [](int64_t n) {
         return std::vector<Setting>{{"embeddings", "dhe"},
                                     {"dhe_decoder_units", fmt::format("{0},{0}", n)}};
       },
       1, 4096}};
}

// The largest size within the budget.
Variant within(const Family& family, const TableSizes& sizes, int64_t budget) {
  Variant variant{family.name, "embeddings", "", {}};
  const int64_t smallest = sizes.of(family.settings(family.least));
  if (smallest < 0 || smallest > budget) {
    variant.unfit = [smallest, budget](const VariantContext&) {
      return smallest < 0
                 ? std::string("the tables cannot be built so")
                 : fmt::format("its least size is {} numbers, more than the {} of --budget",
                               smallest, budget);
    };
    variant.settings = family.settings(family.least);
    return variant;
  }
  int64_t low = family.least, high = family.most;
  while (low < high) {
    const int64_t middle = low + (high - low + 1) / 2;
    const int64_t count = sizes.of(family.settings(middle));
    if (count >= 0 && count <= budget)
      low = middle;
    else
      high = middle - 1;
  }
  variant.what = family.what(low);
  variant.settings = family.settings(low);
  return variant;
}

}  // namespace

Ablation embedding_ablation(const std::string& model, const Schema& schema,
                            const GivenVectors& vectors, const ModelOptions& options,
                            double budget) {
  const NameList fields = compared_fields(schema, options);
  const std::string named = fmt::format("{}", fmt::join(fields, ","));
  ModelOptions full = options;
  full.embedding.fields = fields;
  full.embedding.kind = "plain";
  ParameterStore store(DType::f32, 1);
  const Embedding plain(Scope(store), {schema, vectors, full});
  const int64_t width = plain.width_of(schema.index_of(fields.front()));
  const TableSizes sizes(schema, vectors, full);
  const int64_t all = sizes.of({});
  const auto least = static_cast<int64_t>(budget * static_cast<double>(all));
  Ablation table{
      model,
      fmt::format("plain tables of {}, {} numbers; the others have at most {}", named, all, least),
      {{"embeddings", "plain"}, {"embedding_fields", named}},
      {}};
  bool given = false;
  for (const std::string& field : fields)
    given = given || !schema.fields[static_cast<size_t>(schema.index_of(field))].vectors.empty();
  if (given)
    table.variants.push_back({"given",
                              "embeddings",
                              "the frozen vectors that came with the data",
                              {{"embedding_fields", ""}}});
  for (const Family& family : families(schema, fields, width))
    table.variants.push_back(within(family, sizes, least));
  return table;
}

}  // namespace ctr
