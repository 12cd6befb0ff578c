#include "tools/fine_tune.h"

#include <algorithm>
#include <filesystem>

#include "engine/check.h"
#include "io/checksum.h"
#include "io/safetensors.h"
#include "tools/model_file.h"

namespace ctr {
namespace {

// Ids must stand for the tokens that they stood for.
void check_tokens(const ModelFile& file, const Dataset& data, const Field& field) {
  const std::string was = file.vocabulary_path(field), is = data.vocabulary_path(field);
  if (!std::filesystem::exists(was) || !std::filesystem::exists(is)) return;
  CTR_CHECK_DATA(file_checksum(was) == file_checksum(is),
                 "{}: the ids of field '{}' stood for other tokens there; prepare the data with "
                 "--vocabulary-of {}",
                 file.path, field.name, file.path);
}

// Each sequence with a table of its own.
void check_sequences(const ModelFile& file, const Dataset& data) {
  for (const Field& field : data.schema.fields) {
    if (field.type != FieldType::sequence || !field.shares.empty()) continue;
    const Field& before = file.schema.fields[static_cast<size_t>(file.schema.index_of(field.name))];
    CTR_CHECK_DATA(
        before.type == field.type && before.vocabulary == field.vocabulary,
        "{}: field '{}' is not as the run had it ({} ids, now {}); prepare the data with "
        "--vocabulary-of {}",
        file.path, field.name, before.vocabulary, field.vocabulary, file.path);
    check_tokens(file, data, field);
  }
}

// New domains may stand behind the old ones; all else must be as it was.
void check_data(const ModelFile& file, const Dataset& data) {
  const Schema& was = file.schema;
  Schema is = data.schema;
  const std::string& run = file.path;
  CTR_CHECK_DATA(
      is.domains >= was.domains && is.domain_names.size() >= was.domain_names.size() &&
          std::equal(was.domain_names.begin(), was.domain_names.end(), is.domain_names.begin()),
      "{}: the run had the domains {}, the data has {}; domains may be added at the end", run,
      fmt::join(was.domain_names, ", "), fmt::join(is.domain_names, ", "));
  CTR_CHECK_DATA(was.fields.size() == is.fields.size(),
                 "{}: the run had {} fields, the data has {}; prepare it with the run's fields",
                 run, was.fields.size(), is.fields.size());
  for (size_t f = 0; f < was.fields.size(); ++f) {
    Field& field = is.fields[f];
    const Field& before = was.fields[f];
    if (field.role == FieldRole::domain && field.vocabulary > before.vocabulary)
      field.vocabulary = before.vocabulary;
    CTR_CHECK_DATA(
        field == before,
        "{}: field '{}' is not as the run had it ({} ids, now '{}' with {}); prepare the "
        "data with the run's fields, encodings and vocabularies",
        run, before.name, before.vocabulary, field.name, field.vocabulary);
    if (field.role != FieldRole::domain) check_tokens(file, data, field);
  }
}

// Equal, but one of each domain, and there are more of these now.
bool has_new_domains(const Shape& now, const Shape& before, const Schema& is, const Schema& was) {
  if (now.rank() != before.rank() || now.rank() == 0 || is.domains == was.domains ||
      now[0] != is.domains || before[0] != was.domains)
    return false;
  for (int axis = 1; axis < now.rank(); ++axis)
    if (now[axis] != before[axis]) return false;
  return true;
}

// Trained parameters whose names contain one of the texts.
std::vector<Parameter*> trained_with(const NameList& texts, const ParameterStore& store,
                                     const char* option) {
  std::vector<std::string> names;
  for (const auto& parameter : store.all())
    if (!parameter->frozen) names.push_back(parameter->name);
  auto contains = [](const std::string& name, const std::string& text) {
    return name.find(text) != std::string::npos;
  };
  for (const std::string& text : texts)
    CTR_CHECK(std::any_of(names.begin(), names.end(),
                          [&](const std::string& name) { return contains(name, text); }),
              "{} {}: no parameter has this in its name; there are {}", option, text,
              fmt::join(names, ", "));
  std::vector<Parameter*> found;
  for (const auto& parameter : store.all())
    if (!parameter->frozen && std::any_of(texts.begin(), texts.end(), [&](const std::string& text) {
          return contains(parameter->name, text);
        }))
      found.push_back(parameter.get());
  return found;
}

}  // namespace

Inherited begin_from(const std::string& run, const Dataset& data, const ModelInfo& info,
                     BuiltModel& built) {
  const ModelFile file = read_model_file(run);
  if (info.learns_sequences && find_model(file.train.model).learns_sequences)
    check_sequences(file, data);
  else
    check_data(file, data);
  const TensorFile weights = read_safetensors(run + "/model.safetensors");
  Inherited result;
  for (const auto& parameter : built.store().all()) {
    const auto found = weights.tensors.find(parameter->name);
    if (found == weights.tensors.end()) {
      CTR_CHECK_DATA(!parameter->frozen || parameter->given || parameter->state,
                     "{}: has no '{}', which stays as it is; begin from a run whose model has it",
                     run, parameter->name);
      if (!parameter->given) result.fresh.push_back(parameter->name);
      continue;
    }
    const Tensor value = found->second.cast(parameter->value.dtype());
    const bool grows =
        has_new_domains(parameter->value.shape(), value.shape(), data.schema, file.schema);
    CTR_CHECK_DATA(grows || value.shape() == parameter->value.shape(),
                   "{}: '{}' is {} there, this model needs {}; use the run's options for it", run,
                   parameter->name, value.shape(), parameter->value.shape());
    std::copy_n(static_cast<const char*>(value.raw()), value.bytes(),
                static_cast<char*>(parameter->value.raw()));
    ++result.taken;
    if (grows) result.grown.push_back(parameter->name);
  }
  for (const auto& [name, value] : weights.tensors)
    if (built.store().find(name) == nullptr) result.left.push_back(name);
  ++built.store().mode().weights_version;
  return result;
}

std::vector<Parameter*> hold_back(const NameList& texts, ParameterStore& store) {
  std::vector<Parameter*> held = trained_with(texts, store, "--then-train");
  for (Parameter* parameter : held) parameter->frozen = true;
  return held;
}

void train_only(const NameList& texts, ParameterStore& store) {
  if (texts.empty()) return;
  const std::vector<Parameter*> trained = trained_with(texts, store, "--trainable");
  for (const auto& parameter : store.all())
    if (std::find(trained.begin(), trained.end(), parameter.get()) == trained.end())
      parameter->frozen = true;
}

}  // namespace ctr
