#include "tools/patch_sets.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>

#include "engine/check.h"
#include "io/checksum.h"
#include "io/safetensors.h"

namespace ctr {
namespace {

// Options that tell what the network computes, beyond what its parameters' names and shapes tell.
constexpr std::array<const char*, 8> kOfNetwork{
    "peter_insertion", "peter_inner_skip", "peter_cls",         "next_block",
    "next_causal",     "next_dilations",   "next_norm_epsilon", "next_sequence_field"};

bool same(const Tensor& a, const Tensor& b) {
  return a.dtype() == b.dtype() && a.shape() == b.shape() &&
         std::memcmp(a.raw(), b.raw(), static_cast<size_t>(a.bytes())) == 0;
}

// Tables have a row for each thing that is told; all else is as wide as the network.
bool fits(const Parameter& parameter, const Tensor& value) {
  const Shape &is = parameter.value.shape(), &other = value.shape();
  if (is.rank() != other.rank()) return false;
  for (int axis = parameter.table ? 1 : 0; axis < is.rank(); ++axis)
    if (is[axis] != other[axis]) return false;
  return true;
}

}  // namespace

PatchSets::PatchSets(const std::vector<std::string>& runs) : first_(load_run(runs.at(0))) {
  Task first{name_of(runs[0]), first_.file, {}};
  for (const auto& parameter : first_.built->store().all()) {
    if (parameter->frozen) {
      shared_bytes_ += parameter->value.bytes();
    } else {
      first.own[parameter->name] = parameter->value;
      first.own_bytes += parameter->value.bytes();
    }
  }
  tasks_.push_back(std::move(first));
  CTR_CHECK(runs.size() == 1 || shared_bytes_ > 0,
            "{}: trains all of its network and shares none; predict with it alone", runs[0]);
  for (size_t i = 1; i < runs.size(); ++i) tasks_.push_back(read(runs[i]));
}

std::string PatchSets::name_of(const std::string& run) const {
  const std::filesystem::path path = std::filesystem::path(run).lexically_normal();
  const std::string name = (path.has_filename() ? path : path.parent_path()).filename().string();
  for (const Task& task : tasks_)
    CTR_CHECK(task.name != name, "{}: two tasks are called '{}'; rename one directory", run, name);
  return name;
}

PatchSets::Task PatchSets::read(const std::string& run) const {
  Task task{name_of(run), read_model_file(run), {}};
  check_options(task);
  check_fields(task);
  TensorFile weights = read_safetensors(run + "/" + kWeights);
  for (const auto& parameter : first_.built->store().all()) {
    if (parameter->given) continue;
    const Tensor value = weights.at(parameter->name).cast(parameter->value.dtype());
    if (parameter->frozen) {
      CTR_CHECK_DATA(same(parameter->value, value),
                     "{}: '{}' is not that of {}; fine-tune both from the same run", run,
                     parameter->name, first_.file.path);
    } else {
      CTR_CHECK_DATA(fits(*parameter, value), "{}: '{}' is {}, that of {} is {}", run,
                     parameter->name, value.shape(), first_.file.path, parameter->value.shape());
      task.own_bytes += value.bytes();
      task.own[parameter->name] = value;
    }
  }
  return task;
}

void PatchSets::check_options(const Task& task) const {
  const std::string& model = first_.file.train.model;
  CTR_CHECK(task.file.train.model == model,
            "{}: is a {}, {} a {}; tasks on one network are one "
            "model",
            task.file.path, task.file.train.model, first_.file.path, model);
  ModelOptions was = first_.file.model, is = task.file.model;
  const OptionList options = was.list(), others = is.list();
  for (const char* name : kOfNetwork) {
    const std::string a = OptionList::text_of(*options.find(name));
    const std::string b = OptionList::text_of(*others.find(name));
    CTR_CHECK(a == b, "{}: has --{} {}, {} has {}; tasks on one network need the same",
              task.file.path, dashed(name), b, first_.file.path, a);
  }
}

// What the model reads must mean the same; what it tells may differ in all but how it is told.
void PatchSets::check_fields(const Task& task) const {
  const Schema &was = first_.file.schema, &is = task.file.schema;
  const int64_t told = was.index_of(FieldRole::item);
  bool equal = was.fields.size() == is.fields.size() && told == is.index_of(FieldRole::item);
  for (size_t f = 0; equal && f < was.fields.size(); ++f) {
    const Field &a = was.fields[f], &b = is.fields[f];
    if (static_cast<int64_t>(f) == told) {
      equal = a.type == b.type && a.first_token() == b.first_token() && a.shares == b.shares;
      if (!a.shares.empty()) equal = equal && a.vocabulary == b.vocabulary;
    } else if (a.input) {
      equal = a == b;
      const std::string mine = first_.file.vocabulary_path(a), its = task.file.vocabulary_path(b);
      if (equal && std::filesystem::exists(mine) && std::filesystem::exists(its))
        equal = file_checksum(mine) == file_checksum(its);
    }
    CTR_CHECK_DATA(equal,
                   "{}: field '{}' is not as in {}; prepare the tasks' data with --vocabulary-of "
                   "the run that both begin from",
                   task.file.path, a.name, first_.file.path);
  }
  CTR_CHECK_DATA(equal, "{}: has other fields than {}", task.file.path, first_.file.path);
}

void PatchSets::use(size_t task) {
  for (const auto& [name, value] : tasks_.at(task).own)
    first_.built->store().find(name)->value = value;
  ++first_.built->store().mode().weights_version;
}

}  // namespace ctr
