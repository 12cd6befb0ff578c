#include "tools/compare_runs.h"

#include <cmath>
#include <cstring>
#include <filesystem>
#include <map>
#include <memory>
#include <sstream>

#include <nlohmann/json.hpp>

#include "engine/check.h"
#include "io/file.h"
#include "io/json.h"
#include "io/safetensors.h"
#include "tools/config_file.h"
#include "tools/model_file.h"
#include "tools/run_directory.h"

namespace ctr {
namespace {

Json options_of(const std::string& run) {
  SavedRun saved = read_config(run);
  return to_json(joined(saved.train.list(), saved.model.list()));
}

// Lines of log.jsonl without what a clock says. A torn last line is left out.
std::vector<Json> log_of(const std::string& run) {
  const std::string path = run + "/log.jsonl";
  std::istringstream text(read_text(path));
  std::vector<Json> lines;
  int64_t number = 0;
  for (std::string line; std::getline(text, line) && !text.eof();) {
    ++number;
    Json json = parse_json(line);
    CTR_CHECK_DATA(json.is_object() && json.contains("event") && json.contains("step"),
                   "{}:{}: expected an object with 'event' and 'step', found '{}'", path, number,
                   line.substr(0, 40));
    for (const char* clock : {"seconds", "samples_per_s"}) json.erase(clock);
    lines.push_back(std::move(json));
  }
  return lines;
}

std::string key_of(const Json& line) {
  return json_text(line["event"]) + json_text(line["step"]) +
         json_text(line.value("epoch", Json())) + json_text(line.value("domain", Json()));
}

// "step 30 of epoch 1: loss 0.5 | 0.6"; of digests the first tensor.
std::string first_difference(const Json& a, const Json& b) {
  std::string place = "step " + json_text(a["step"]);
  if (a.contains("epoch")) place += " of epoch " + json_text(a["epoch"]);
  for (const auto& [name, value] : a.items()) {
    const Json other = b.value(name, Json());
    if (value == other) continue;
    if (!value.is_object() || !other.is_object())
      return fmt::format("{}: {} {} | {}", place, name, json_text(value), json_text(other));
    for (const auto& [inner, left] : value.items()) {
      const Json right = other.value(inner, Json());
      if (left == right) continue;
      return fmt::format("{}: {} of {} {} | {}", place, name, inner, json_text(left),
                         json_text(right));
    }
  }
  return place + ": one run logged more";
}

void compare_logs(const std::vector<Json>& a, const std::vector<Json>& b, RunComparison& result) {
  std::map<std::string, const Json*> of_b;
  for (const Json& line : b) of_b[key_of(line)] = &line;
  for (const Json& line : a) {
    auto found = of_b.find(key_of(line));
    if (found == of_b.end()) continue;
    ++result.lines;
    if (line == *found->second) continue;
    result.log = first_difference(line, *found->second);
    return;
  }
}

double largest_difference(const Tensor& a, const Tensor& b) {
  const Tensor x = a.cast(DType::f64), y = b.cast(DType::f64);
  double largest = 0;
  for (int64_t i = 0; i < x.count(); ++i) {
    const double difference = std::abs(x.data<double>()[i] - y.data<double>()[i]);
    if (!(difference <= largest)) largest = difference;  // NaN counts
  }
  return largest;
}

std::string compare_tensors(const std::string& name, const TensorFile& a, const TensorFile& b) {
  auto x = a.tensors.find(name), y = b.tensors.find(name);
  if (x == a.tensors.end() || y == b.tensors.end())
    return fmt::format("'{}' is missing in {}", name, x == a.tensors.end() ? a.path : b.path);
  const Tensor &left = x->second, &right = y->second;
  if (left.shape() != right.shape() || left.dtype() != right.dtype()) {
    return fmt::format("'{}': {} {} | {} {}", name, left.dtype(), left.shape(), right.dtype(),
                       right.shape());
  }
  if (std::memcmp(left.raw(), right.raw(), static_cast<size_t>(left.bytes())) == 0) return "";
  return fmt::format("'{}': largest absolute difference {:.3g}", name,
                     largest_difference(left, right));
}

// Tensors of two files: those of `order` first, then others.
void compare_files(const std::string& a, const std::string& b, const ParameterStore& order,
                   RunComparison& result) {
  const TensorFile left = read_safetensors(a);
  const TensorFile right = read_safetensors(b);
  std::vector<std::string> names;
  for (const auto& parameter : order.all()) {
    if (left.tensors.contains(parameter->name)) names.push_back(parameter->name);
  }
  for (const auto& [name, tensor] : right.tensors) {
    if (!left.tensors.contains(name)) names.push_back(name);
  }
  for (const std::string& name : names) {
    ++result.tensors;
    result.weights = compare_tensors(name, left, right);
    if (!result.weights.empty()) return;
  }
}

void compare_weights(const std::string& a, const std::string& b, RunComparison& result) {
  const ModelFile file = read_model_file(a);
  const std::unique_ptr<BuiltModel> built = file.build();
  std::vector<std::string> files = {kWeights};
  for (int64_t d = 0; d < file.schema.domains; ++d) files.push_back(domain_file(d));
  for (const std::string& name : files) {
    const bool in_a = std::filesystem::exists(a + "/" + name);
    const bool in_b = std::filesystem::exists(b + "/" + name);
    if (in_a && in_b) compare_files(a + "/" + name, b + "/" + name, built->store(), result);
    if (in_a != in_b) result.weights = fmt::format("{} is missing in {}", name, in_a ? b : a);
    if (result.weights.empty()) continue;
    if (name != kWeights) result.weights = fmt::format("{}: {}", name, result.weights);
    return;
  }
}

}  // namespace

RunComparison compare_runs(const std::string& a, const std::string& b) {
  RunComparison result;
  const Json left = options_of(a), right = options_of(b);
  for (const auto& [name, value] : left.items()) {
    if (value != right.at(name))
      result.options.push_back(
          fmt::format("{}: {} | {}", name, json_text(value), json_text(right.at(name))));
  }
  compare_logs(log_of(a), log_of(b), result);
  auto finished = [](const std::string& run) {
    return std::filesystem::exists(run + "/model.json");
  };
  if (finished(a) && finished(b)) compare_weights(a, b, result);
  return result;
}

}  // namespace ctr
