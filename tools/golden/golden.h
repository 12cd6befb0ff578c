#pragma once
// Golden vectors: files with inputs, parameters and the results that an independent implementation
// got from them.

#include <map>
#include <set>
#include <string>
#include <vector>

#include "io/safetensors.h"

namespace ctr {

inline constexpr double kGoldenF64 =
    1e-9;  // worst error of a tensor, relative to its largest magnitude
inline constexpr double kGoldenF32 = 2e-4;

// A gradient below this part of the largest one nearly vanishes: it is a difference of larger
// terms, holds their rounding, and is judged as if it were this large.
inline double least_gradient(DType dtype) { return dtype == DType::f32 ? 1e-3 : 1e-6; }

// The worst error met so far, and where.
class Comparison {
 public:
  // Compares element by element; an expected tensor that vanishes is judged against `floor`.
  void add(const std::string& name, const Tensor& expected, const Tensor& result, double floor = 0);
  // All of another comparison, its names below `name`.
  void add(const std::string& name, const Comparison& other);
  double worst() const { return worst_; }
  const std::string& where() const { return where_; }
  int tensors() const { return tensors_; }

 private:
  double worst_ = 0;
  std::string where_;
  int tensors_ = 0;
};

// A file whose tensors are ticked off as they are used: what is left over was not understood.
class GoldenFile {
 public:
  explicit GoldenFile(const std::string& path) : file_(read_safetensors(path)) {}

  bool has(const std::string& name) const { return file_.tensors.contains(name); }
  const Tensor& take(const std::string& name);
  // The same without ticking it off.
  const Tensor& at(const std::string& name) const { return file_.at(name); }
  std::vector<std::string> names(const std::string& prefix) const;
  // The same with their shapes.
  std::map<std::string, std::vector<int64_t>> shapes(const std::string& prefix) const;
  // Metadata as text, empty when missing.
  std::string text(const std::string& key) const;
  // Throws when a tensor was never taken.
  void check_used() const;

 private:
  TensorFile file_;
  std::set<std::string> used_;
};

// Each compares a file in one precision; throws ctr::Error on names and options that it does not
// know.
Comparison verify_model(GoldenFile& file, DType dtype);
Comparison verify_grad_norm(GoldenFile& file, DType dtype);
Comparison verify_op(GoldenFile& file, DType dtype);
Comparison verify_optimizer(GoldenFile& file, DType dtype);
Comparison verify_metrics(GoldenFile& file);

// Three training steps of the model `which`, or of all, in a file like ctr_goldens.json; and the
// models that such a file names.
Comparison verify_steps(const std::string& path, const std::string& which, DType dtype);
std::vector<std::string> step_tags(const std::string& path);

// The kind of the file decides which.
Comparison verify_file(const std::string& path, DType dtype);

}  // namespace ctr
