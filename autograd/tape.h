#pragma once
// The tape: a list of closures, one per operator call, run backwards.
//
//   Tape tape;                                   // records while it lives (per thread; tapes nest)
//   Var loss = bce_with_logits(model.logit(batch), batch.label);
//   Gradients gradients = backward(loss);
//
// Contract of an operator: it computes its output, then calls `record` with a closure that captures
// tensors, never Vars. The closure *writes* gradients into a GradientSink; adding them up where a
// value is used twice is the tape's work. Buffers are freed as the tape unwinds. There are no
// second-order gradients.

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "autograd/gradient.h"
#include "autograd/parameter.h"
#include "engine/step_vector.h"
#include "engine/tensor.h"

namespace ctr {

class Tape;

// A tensor and its place on a tape. A constant has no place and gets no gradient.
class Var {
 public:
  Var() = default;
  explicit Var(Tensor constant) : value_(std::move(constant)) {}
  // The parameter as a leaf of the current tape; a constant when it is frozen or nothing records.
  Var(const Parameter& parameter);

  // Of a table whose rows lack updates (Parameter::late), all of them get theirs first.
  const Tensor& value() const {
    if (late_ != nullptr) late_->catch_up(value_);
    return value_;
  }
  // A lookup's way to a table: gives the rows `ids` the updates that they lack, then reads these
  // rows alone from `stored()`.
  void catch_up(const Tensor& ids) const {
    if (late_ != nullptr) late_->catch_up(value_, ids);
  }
  const Tensor& stored() const { return value_; }
  const LateRows* late() const { return late_; }

  const Shape& shape() const { return value_.shape(); }
  int64_t dim(int axis) const { return value_.dim(axis); }
  int rank() const { return value_.rank(); }
  DType dtype() const { return value_.dtype(); }
  Device device() const { return value_.device(); }
  bool defined() const { return value_.defined(); }
  // Of the whole value; none of a table: the lookup tells of its rows.
  int64_t bytes_read() const { return table_ || !defined() ? 0 : value_.bytes(); }

 private:
  friend class Tape;
  friend class Gradients;
  Var(Tensor value, int slot, uint64_t tape) : value_(std::move(value)), slot_(slot), tape_(tape) {}

  Tensor value_;
  int slot_ = -1;      // where the tape collects this value's gradient
  uint64_t tape_ = 0;  // number of that tape
  bool table_ = false;
  LateRows* late_ = nullptr;  // the parameter's
};

// Columns [begin, end) of a value seen as [dim 0, rest].
struct ColumnRange {
  int64_t begin = 0, end = 0;
};

// How the rows of an operator's output are made of rows of its inputs, where that tells which
// columns of a gradient anyone needs.
struct RowLayout {
  bool same = false;            // the input's own elements in other axes, dim 0 kept
  std::vector<int64_t> widths;  // the inputs side by side, of these numbers of elements each
};

// Where a closure puts the gradients of the operator's inputs, by position.
class GradientSink {
 public:
  // False when nobody asks for the gradient of input `i`: skip the work.
  bool needs(int input) const;
  // Whether two inputs are one value: their gradients may be put as one.
  bool same(int left, int right) const;
  // The columns of that gradient that are needed; what stands in others is never read. Fewer than
  // all where the input has frozen vectors beside trained ones.
  ColumnRange columns(int input) const;
  // The gradient of this input so far, to add to in place; null when there is none yet or others
  // hold it too.
  Tensor* sum(int input);
  // d loss / d input, of the input's shape (any shape of the same count).
  void put(int input, Tensor gradient);
  // The same for a table that was looked up.
  void put_rows(int input, RowPart part, int64_t padding = -1);

 private:
  friend class Tape;
  GradientSink(Tape& tape, const std::vector<int>& slots) : tape_(tape), slots_(slots) {}

  Tape& tape_;
  const std::vector<int>& slots_;  // of the inputs; -1 for those without gradient
  int64_t bytes_ = 0;              // put so far
};

using Backward = std::function<void(const Tensor& dy, GradientSink& sink)>;
// For operators of several outputs; a gradient is undefined when nothing reached that output.
using BackwardMany = std::function<void(std::span<const Tensor> dys, GradientSink& sink)>;

struct BackwardOptions {
  // d loss / d root; ones when undefined (the root must then be one element).
  Tensor upstream = {};
  // Keep the tape for another pass.
  bool retain = false;
  // Activations at which the pass ends; their gradients are returned.
  std::vector<Var> stop_at = {};
  // Compute these gradients alone (leaves or activations); empty: every leaf's.
  std::vector<Var> only = {};
};

// The result of one pass.
class Gradients {
 public:
  // Empty when the value did not take part.
  const Gradient& operator[](const Var& variable) const;
  const Gradient& operator[](const Parameter& parameter) const;
  // All parameters that took part, in the order of their first use.
  const StepVector<std::pair<const Parameter*, Gradient>>& parameters() const {
    return parameters_;
  }
  // Adds the parameters' gradients of another pass, of this tape or another: rows stay rows.
  void add(Gradients&& other);

 private:
  friend class Tape;
  StepVector<std::pair<const Parameter*, Gradient>> parameters_;
  std::unordered_map<const Parameter*, size_t> index_;
  std::unordered_map<int, Gradient> variables_;  // by slot
};

class Tape {
 public:
  Tape();
  ~Tape();
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;

  static Tape* current();  // of this thread; null when nothing records

  // A leaf that is no parameter (gradient checks).
  Var variable(Tensor value);
  Var leaf(const Parameter& parameter);
  std::vector<Var> record(const char* op, std::vector<Tensor> outputs, std::span<const Var> inputs,
                          BackwardMany backward, RowLayout layout = {});
  Gradients backward(const Var& root, const BackwardOptions& options);
  int64_t nodes() const { return static_cast<int64_t>(nodes_.size()); }

 private:
  friend class GradientSink;
  friend class Gradients;
  struct Node {
    const char* op;
    std::vector<int> inputs;   // slots, -1 for constants
    std::vector<int> outputs;  // slots
    BackwardMany backward;     // empty once unwound
    RowLayout layout;
    int64_t input_bytes = 0;
  };
  struct Slot {
    Shape shape;
    const Parameter* parameter = nullptr;
    bool leaf = false;
    bool needed = false;  // during a pass
    ColumnRange columns;  // during a pass
    Gradient gradient;    // during a pass
  };

  int slot_of(const Var& variable) const;
  int add_slot(const Shape& shape, const Parameter* parameter, bool leaf);
  void mark_needed(const BackwardOptions& options);
  ColumnRange all_columns(const Slot& slot) const;
  ColumnRange needed_columns(const Node& node, const Slot& output) const;
  void run(Node& node, bool retain);

  uint64_t number_;
  Tape* previous_;
  StepVector<Node> nodes_;
  StepVector<Slot> slots_;
  std::unordered_map<const Parameter*, int> leaves_;
};

// Nothing records while in scope.
class NoGradient {
 public:
  NoGradient();
  ~NoGradient();
  NoGradient(const NoGradient&) = delete;
  NoGradient& operator=(const NoGradient&) = delete;

 private:
  Tape* previous_;
};

// While in scope, `see` is called with the name and the results of every operator on this thread,
// in the order of the calls, whether or not a tape records.
class ObserveScope {
 public:
  using See = std::function<void(const char* op, std::span<const Tensor> outputs)>;
  explicit ObserveScope(See see);
  ~ObserveScope();
  ObserveScope(const ObserveScope&) = delete;
  ObserveScope& operator=(const ObserveScope&) = delete;

 private:
  See see_;
  See* previous_;
};

// Puts an operator's result on the current tape. When nothing records, or no input has a gradient,
// the result is a constant and the closure is dropped.
Var record(const char* op, Tensor output, std::initializer_list<Var> inputs, Backward backward,
           RowLayout layout = {});
Var record(const char* op, Tensor output, std::span<const Var> inputs, Backward backward,
           RowLayout layout = {});
std::vector<Var> record_many(const char* op, std::vector<Tensor> outputs,
                             std::span<const Var> inputs, BackwardMany backward,
                             RowLayout layout = {});

// Gradients of `root` on the current tape.
Gradients backward(const Var& root, const BackwardOptions& options = {});

}  // namespace ctr
