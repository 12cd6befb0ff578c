#include "tools/golden/golden.h"

#include <cmath>

#include "engine/check.h"

namespace ctr {

void Comparison::add(const std::string& name, const Tensor& expected, const Tensor& result,
                     double floor) {
  CTR_CHECK_DATA(expected.count() == result.count(), "{}: the file has {}, the engine gives {}",
                 name, expected.shape(), result.shape());
  const Tensor mine = result.cast(DType::f64);
  double largest = floor;
  double difference = 0;
  for (int64_t i = 0; i < expected.count(); ++i) {
    double e = expected.data<double>()[i];
    double d = std::fabs(e - mine.data<double>()[i]);
    largest = std::max(largest, std::fabs(e));
    difference = std::isnan(d) ? INFINITY : std::max(difference, d);
  }
  double error = difference == 0 ? 0 : difference / std::max(largest, 1e-300);
  ++tensors_;
  if (error >= worst_) {
    worst_ = error;
    where_ = name;
  }
}

void Comparison::add(const std::string& name, const Comparison& other) {
  tensors_ += other.tensors_;
  if (other.worst_ < worst_) return;
  worst_ = other.worst_;
  where_ = name + ": " + other.where_;
}

const Tensor& GoldenFile::take(const std::string& name) {
  used_.insert(name);
  return file_.at(name);
}

std::vector<std::string> GoldenFile::names(const std::string& prefix) const {
  std::vector<std::string> result;
  for (const auto& [name, tensor] : file_.tensors) {
    if (name.starts_with(prefix)) result.push_back(name.substr(prefix.size()));
  }
  return result;
}

std::map<std::string, std::vector<int64_t>> GoldenFile::shapes(const std::string& prefix) const {
  std::map<std::string, std::vector<int64_t>> result;
  for (const auto& [name, tensor] : file_.tensors) {
    if (!name.starts_with(prefix)) continue;
    std::vector<int64_t>& shape = result[name.substr(prefix.size())];
    for (int axis = 0; axis < tensor.rank(); ++axis) shape.push_back(tensor.dim(axis));
  }
  return result;
}

std::string GoldenFile::text(const std::string& key) const {
  auto found = file_.metadata.find(key);
  return found == file_.metadata.end() ? "" : found->second;
}

void GoldenFile::check_used() const {
  for (const auto& [name, tensor] : file_.tensors) {
    if (!used_.contains(name))
      fail(ErrorKind::data, "{}: tensor '{}' is not understood", file_.path, name);
  }
}

Comparison verify_file(const std::string& path, DType dtype) {
  if (path.ends_with(".json")) return verify_steps(path, "", dtype);
  GoldenFile file(path);
  Comparison result;
  if (file.text("model") == "GradNorm") {
    result = verify_grad_norm(file, dtype);
  } else if (!file.text("model").empty()) {
    result = verify_model(file, dtype);
  } else if (!file.text("op").empty()) {
    result = verify_op(file, dtype);
  } else if (!file.text("optimizer").empty()) {
    result = verify_optimizer(file, dtype);
  } else if (file.has("auc")) {
    result = verify_metrics(file);
  } else {
    fail(ErrorKind::data, "{}: the metadata names no model, op or optimizer", path);
  }
  file.check_used();
  CTR_CHECK_DATA(result.tensors() > 0, "{}: the file holds nothing to compare", path);
  return result;
}

}  // namespace ctr
