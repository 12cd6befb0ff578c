#pragma once
// Parameters are named by their path ("mlp/0/weight"): the same string is the checkpoint key, the
// log name and the optimizer group. A Scope makes them.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/allocator.h"
#include "engine/tensor.h"

namespace ctr {

// Updates that rows of a table still lack: an optimizer may put them off until somebody reads the
// rows. One thread at a time.
class LateRows {
 public:
  virtual ~LateRows() = default;
  // Gives the rows `ids` (i64, any shape, repeats allowed, negative ones are none) of `table` what
  // they lack.
  virtual void catch_up(Tensor table, const Tensor& ids) = 0;
  virtual void catch_up(Tensor table) = 0;  // every row
};

struct Parameter {
  std::string name;
  Tensor value;
  bool frozen = false;  // no gradient is computed for it at all
  bool tied = false;    // used both as a lookup table and as a matrix: row gradients are made dense
  bool table = false;   // vectors of a field's ids or of its number, the optimizer's own group
  bool state = false;   // frozen, but the model itself may change it
  bool given = false;   // frozen, and came with the data: not saved with the weights
  std::shared_ptr<LateRows> late = {};  // what rows of `value` lack; none where they never do
};

// How a parameter begins. Values depend on the seed and the parameter's name alone, and are drawn
// in f64.
class Initializer {
 public:
  static Initializer zeros() { return Initializer(Kind::constant, 0); }
  static Initializer constant(double value) { return Initializer(Kind::constant, value); }
  static Initializer normal(double deviation) { return Initializer(Kind::normal, deviation); }
  // Between 0 and `amount`.
  static Initializer uniform(double amount) { return Initializer(Kind::uniform, amount); }
  // The normal distribution within twice its deviation, which is a little less then.
  static Initializer truncated_normal(double deviation) {
    return Initializer(Kind::truncated, deviation);
  }
  // N(0, 2 / (fan_in + fan_out)) (Glorot and Bengio, AISTATS 2010).
  static Initializer xavier_normal(int64_t fan_in, int64_t fan_out);
  // U(−a, a) of the same variance: a = √(6 / (fan_in + fan_out)).
  static Initializer xavier_uniform(int64_t fan_in, int64_t fan_out);
  // Row 0 (the padding row of a table) stays zero.
  Initializer with_zero_row() const;

  Tensor make(const Shape& shape, DType dtype, uint64_t seed, std::string_view name) const;

 private:
  enum class Kind : uint8_t { constant, normal, truncated, uniform };
  double drawn(double uniform) const;  // of deviation or largest magnitude 1
  Initializer(Kind kind, double amount) : kind_(kind), amount_(amount) {}

  Kind kind_;
  double amount_;
  bool zero_row_ = false;
};

// What a forward pass needs to know beyond its inputs.
struct Mode {
  bool training = false;
  uint64_t seed = 0;  // of initial values and dropout
  uint32_t step = 0;  // of the optimizer: dropout draws anew each step
  uint64_t weights_version =
      0;  // grows whenever a parameter changes: folded weights are kept until then
};

// Owns a model's parameters, in the order in which they were made.
class ParameterStore {
 public:
  ParameterStore(DType dtype, uint64_t seed) : dtype_(dtype) { mode_.seed = seed; }
  ParameterStore(const ParameterStore&) = delete;
  ParameterStore& operator=(const ParameterStore&) = delete;

  const Parameter& add(std::string name, Tensor value);
  const std::vector<std::unique_ptr<Parameter>>& all() const { return parameters_; }
  Parameter* find(std::string_view name) const;  // null when there is none
  // Gives every row of every table the updates that it lacks. Who reads a parameter's `value` not
  // through a Var calls it first.
  void catch_up() const;

  DType dtype() const { return dtype_; }
  // Where parameters lie: side by side in huge pages, small ones too.
  const std::shared_ptr<Allocator>& memory() const { return memory_; }
  Mode& mode() { return mode_; }
  const Mode& mode() const { return mode_; }
  int64_t count_trainable() const;  // numbers in all parameters that are not frozen
  int64_t count_frozen() const;     // in those that are; states are neither

 private:
  DType dtype_;
  std::shared_ptr<Allocator> memory_ = std::make_shared<Arena>();
  Mode mode_;
  std::vector<std::unique_ptr<Parameter>> parameters_;
  std::unordered_map<std::string, Parameter*> by_name_;
};

// A path prefix in a store. `scope / "mlp" / 0` names what is made below it.
class Scope {
 public:
  explicit Scope(ParameterStore& store) : store_(&store) {}

  Scope operator/(std::string_view name) const;
  Scope operator/(int64_t index) const { return *this / std::to_string(index); }
  // The same path, where parameters are made frozen: of a trained network, kept as it is.
  Scope frozen() const;

  // A trainable parameter; its name must be new.
  const Parameter& parameter(std::string_view name, const Shape& shape,
                             const Initializer& initializer) const;
  // The same, marked as the vectors of a field.
  const Parameter& table(std::string_view name, const Shape& shape,
                         const Initializer& initializer) const;
  // A frozen one with given rows.
  const Parameter& frozen_table(std::string_view name, const Tensor& value) const;
  // What a model keeps beside its weights, as batch norm its running statistics: no gradient
  // reaches it, checkpoints hold it, and the layer that made it writes to it in place. Floating
  // numbers take the store's precision, ids keep theirs.
  const Parameter& state(std::string_view name, const Tensor& initial) const;

  const std::string& path() const { return path_; }
  DType dtype() const { return store_->dtype(); }
  const Mode& mode() const { return store_->mode(); }

 private:
  std::string path_of(std::string_view name) const;

  ParameterStore* store_;
  std::string path_;
  bool frozen_ = false;
};

}  // namespace ctr
