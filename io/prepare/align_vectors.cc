#include "io/prepare/align_vectors.h"

#include "engine/check.h"

namespace ctr {
namespace {

// Fills the rows of a table's tokens. Without a vocabulary ids are their own tokens.
PrepareReport::VectorReport fill(const Field& field, const Vocabulary* vocabulary,
                                 const VectorSource& source, Tensor& table) {
  const VectorLookup lookup = source.lookup(field);
  PrepareReport::VectorReport report{field.name};
  if (vocabulary != nullptr) report.cells = 0;
  const auto width = static_cast<size_t>(field.vector_width);
  for (int64_t id = field.first_token(); id < field.vocabulary; ++id) {
    const std::string own = vocabulary == nullptr ? std::to_string(id) : std::string();
    const std::string_view token = vocabulary == nullptr ? own : vocabulary->token_of(id);
    const std::span<float> row{table.data<float>() + static_cast<size_t>(id) * width, width};
    ++report.tokens;
    if (lookup(token, id, row)) continue;
    ++report.missing;
    if (vocabulary != nullptr) report.cells += vocabulary->count_of(id);
  }
  if (source.rows >= 0) report.unused = source.rows - (report.tokens - report.missing);
  return report;
}

}  // namespace

GivenVectors align_vectors(const PreparePlan& plan, const Vocabularies& vocabularies,
                           std::vector<PrepareReport::VectorReport>& report) {
  GivenVectors result;
  for (size_t f = 0; f < plan.schema.fields.size(); ++f) {
    const Field& field = plan.schema.fields[f];
    if (field.vectors.empty()) continue;
    const auto found = plan.vectors.find(field.vectors);
    CTR_ASSERT(found != plan.vectors.end());
    Tensor table = Tensor::zeros({field.vocabulary, field.vector_width}, DType::f32);
    report.push_back(fill(field, vocabularies[f].get(), found->second, table));
    CTR_CHECK_DATA(report.back().missing < report.back().tokens,
                   "prepare: none of the {} tokens of field '{}' has a vector; are they named as "
                   "the raw cells are?",
                   report.back().tokens, field.name);
    result[field.vectors] = table;
  }
  return result;
}

}  // namespace ctr
