#include "autograd/tape.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "engine/check.h"
#include "engine/profile.h"

namespace ctr {
namespace {

thread_local Tape* current_tape = nullptr;
thread_local ObserveScope::See* current_observer = nullptr;

uint64_t next_number() {
  static std::atomic<uint64_t> last{0};
  return ++last;
}

}  // namespace

Var::Var(const Parameter& parameter) : value_(parameter.value) {
  if (Tape* tape = Tape::current(); tape != nullptr && !parameter.frozen)
    *this = tape->leaf(parameter);
  table_ = parameter.table;
  late_ = parameter.late.get();
}

bool GradientSink::needs(int input) const {
  int slot = slots_[static_cast<size_t>(input)];
  return slot >= 0 && tape_.slots_[static_cast<size_t>(slot)].needed;
}

bool GradientSink::same(int left, int right) const {
  const int slot = slots_[static_cast<size_t>(left)];
  return slot >= 0 && slot == slots_[static_cast<size_t>(right)];
}

void GradientSink::put(int input, Tensor gradient) {
  if (!needs(input)) return;
  Tape::Slot& slot = tape_.slots_[static_cast<size_t>(slots_[static_cast<size_t>(input)])];
  bytes_ += gradient.bytes();
  slot.gradient.add(gradient.reshaped(slot.shape),
                    slot.parameter == nullptr || slot.parameter->tied);
}

ColumnRange GradientSink::columns(int input) const {
  const int slot = slots_[static_cast<size_t>(input)];
  return slot < 0 ? ColumnRange() : tape_.slots_[static_cast<size_t>(slot)].columns;
}

Tensor* GradientSink::sum(int input) {
  if (!needs(input)) return nullptr;
  Gradient& gradient =
      tape_.slots_[static_cast<size_t>(slots_[static_cast<size_t>(input)])].gradient;
  return gradient.unshared();
}

void GradientSink::put_rows(int input, RowPart part, int64_t padding) {
  if (!needs(input)) return;
  Tape::Slot& slot = tape_.slots_[static_cast<size_t>(slots_[static_cast<size_t>(input)])];
  RowGradient rows{slot.shape[0], slot.shape.count(1, slot.shape.rank()), padding, {}};
  rows.parts.push_back(std::move(part));
  slot.gradient.add(std::move(rows), slot.parameter == nullptr || slot.parameter->tied);
}

const Gradient& Gradients::operator[](const Var& variable) const {
  static const Gradient none;
  auto found = variables_.find(variable.slot_);
  return found == variables_.end() ? none : found->second;
}

const Gradient& Gradients::operator[](const Parameter& parameter) const {
  static const Gradient none;
  auto found = index_.find(&parameter);
  return found == index_.end() ? none : parameters_[found->second].second;
}

void Gradients::add(Gradients&& other) {
  for (auto& [parameter, gradient] : other.parameters_) {
    auto [found, fresh] = index_.try_emplace(parameter, parameters_.size());
    if (fresh) {
      parameters_.emplace_back(parameter, std::move(gradient));
    } else {
      parameters_[found->second].second.add(std::move(gradient), parameter->tied);
    }
  }
  other = Gradients();
}

Tape::Tape() : number_(next_number()), previous_(std::exchange(current_tape, this)) {}
Tape::~Tape() { current_tape = previous_; }
Tape* Tape::current() { return current_tape; }

int Tape::slot_of(const Var& variable) const {
  if (variable.slot_ < 0) return -1;
  CTR_CHECK(variable.tape_ == number_,
            "tape: a value of another tape was used; make it anew on this one");
  return variable.slot_;
}

int Tape::add_slot(const Shape& shape, const Parameter* parameter, bool leaf) {
  Slot& slot = slots_.emplace_back();
  slot.shape = shape;
  slot.parameter = parameter;
  slot.leaf = leaf;
  return static_cast<int>(slots_.size()) - 1;
}

Var Tape::variable(Tensor value) {
  int slot = add_slot(value.shape(), nullptr, true);
  return Var(std::move(value), slot, number_);
}

Var Tape::leaf(const Parameter& parameter) {
  auto [found, fresh] = leaves_.try_emplace(&parameter, -1);
  if (fresh) found->second = add_slot(parameter.value.shape(), &parameter, true);
  return Var(parameter.value, found->second, number_);
}

std::vector<Var> Tape::record(const char* op, std::vector<Tensor> outputs,
                              std::span<const Var> inputs, BackwardMany backward,
                              RowLayout layout) {
  Node node{op, {}, {}, std::move(backward), std::move(layout)};
  bool any = false;
  for (const Var& input : inputs) {
    node.inputs.push_back(slot_of(input));
    node.input_bytes += input.bytes_read();
    any = any || node.inputs.back() >= 0;
  }
  int64_t output_bytes = 0;
  for (const Tensor& output : outputs) output_bytes += output.bytes();
  profile_lap(op, node.input_bytes + output_bytes);
  std::vector<Var> result;
  for (Tensor& output : outputs) {
    if (any) node.outputs.push_back(add_slot(output.shape(), nullptr, false));
    result.push_back(any ? Var(std::move(output), node.outputs.back(), number_)
                         : Var(std::move(output)));
  }
  if (any) nodes_.push_back(std::move(node));
  return result;
}

ColumnRange Tape::all_columns(const Slot& slot) const {
  return {0, slot.shape.rank() < 2 ? 1 : slot.shape.count(1, slot.shape.rank())};
}

ColumnRange Tape::needed_columns(const Node& node, const Slot& output) const {
  const ColumnRange all = all_columns(output);
  if (node.layout.same) return slots_[static_cast<size_t>(node.inputs[0])].columns;
  if (node.layout.widths.empty()) return all;
  ColumnRange range{all.end, 0};
  int64_t begin = 0;
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    const int64_t end = begin + node.layout.widths[i];
    if (node.inputs[i] >= 0 && slots_[static_cast<size_t>(node.inputs[i])].needed) {
      range.begin = std::min(range.begin, begin);
      range.end = std::max(range.end, end);
    }
    begin = end;
  }
  return range.begin < range.end ? range : all;
}

// A slot is needed when its gradient is asked for or leads to one that is.
void Tape::mark_needed(const BackwardOptions& options) {
  for (Slot& slot : slots_) {
    slot.needed = slot.leaf && options.only.empty();
    slot.gradient = Gradient();
    slot.columns = all_columns(slot);
  }
  std::vector<bool> stops(slots_.size(), false);
  for (const Var& variable : options.only) {
    int slot = slot_of(variable);
    CTR_CHECK(slot >= 0, "backward: a constant has no gradient to compute");
    slots_[static_cast<size_t>(slot)].needed = true;
  }
  for (const Var& variable : options.stop_at) {
    int slot = slot_of(variable);
    CTR_CHECK(slot >= 0, "backward: cannot stop at a constant");
    stops[static_cast<size_t>(slot)] = true;
  }
  for (const Node& node : nodes_) {
    bool needed = false;
    for (int input : node.inputs)
      needed = needed || (input >= 0 && slots_[static_cast<size_t>(input)].needed);
    for (int output : node.outputs) {
      Slot& slot = slots_[static_cast<size_t>(output)];
      const bool asked = slot.needed || stops[static_cast<size_t>(output)];  // for itself
      if (!asked && needed) slot.columns = needed_columns(node, slot);
      slot.needed = asked || needed;
    }
  }
}

void Tape::run(Node& node, bool retain) {
  std::vector<Tensor> dys(node.outputs.size());
  bool any = false;
  int64_t bytes = node.input_bytes;
  for (size_t i = 0; i < dys.size(); ++i) {
    Gradient& gradient = slots_[static_cast<size_t>(node.outputs[i])].gradient;
    if (gradient.empty()) continue;
    dys[i] = gradient.is_rows() ? to_dense(gradient.rows()) : gradient.dense();
    gradient = Gradient();
    bytes += dys[i].bytes();
    any = true;
  }
  if (any) {
    CTR_CHECK(node.backward != nullptr,
              "backward: {} was unwound by an earlier pass; that pass must ask to retain", node.op);
    GradientSink sink(*this, node.inputs);
    node.backward(dys, sink);
    if (Profile::current() != nullptr)
      profile_lap(std::string(node.op) + " backward", bytes + sink.bytes_);
  }
  if (!retain) node.backward = nullptr;
}

Gradients Tape::backward(const Var& root, const BackwardOptions& options) {
  int root_slot = slot_of(root);
  CTR_CHECK(root_slot >= 0,
            "backward: the root does not depend on anything that records a gradient");
  Tensor upstream = options.upstream;
  if (!upstream.defined()) {
    CTR_CHECK(root.value().count() == 1,
              "backward: the root must be one element unless an upstream gradient is given, got {}",
              root.shape());
    upstream = Tensor::full(root.shape(), root.dtype(), 1.0);
  }
  CTR_CHECK(upstream.count() == root.value().count(),
            "backward: the upstream gradient {} does not fit the root {}", upstream.shape(),
            root.shape());
  mark_needed(options);
  slots_[static_cast<size_t>(root_slot)].gradient.add(upstream.reshaped(root.shape()), false);

  std::unordered_map<int, bool> asked;  // slot → the pass ends there
  for (const Var& variable : options.only) asked.emplace(slot_of(variable), false);
  for (const Var& variable : options.stop_at) asked[slot_of(variable)] = true;
  Gradients result;
  for (auto node = nodes_.rbegin(); node != nodes_.rend(); ++node) {
    bool wanted = false;
    for (int output : node->outputs) {
      Slot& slot = slots_[static_cast<size_t>(output)];
      if (auto found = asked.find(output); found != asked.end() && !slot.gradient.empty()) {
        result.variables_[output] = slot.gradient;
        if (found->second) slot.gradient = Gradient();
      }
    }
    for (int input : node->inputs)
      wanted = wanted || (input >= 0 && slots_[static_cast<size_t>(input)].needed);
    if (wanted) run(*node, options.retain);
  }
  for (size_t index = 0; index < slots_.size(); ++index) {
    Slot& slot = slots_[index];
    if (!slot.leaf || slot.gradient.empty()) continue;
    if (slot.parameter != nullptr) {
      result.index_.emplace(slot.parameter, result.parameters_.size());
      result.parameters_.emplace_back(slot.parameter, slot.gradient);
    }
    result.variables_[static_cast<int>(index)] = std::move(slot.gradient);
    slot.gradient = Gradient();
  }
  return result;
}

NoGradient::NoGradient() : previous_(std::exchange(current_tape, nullptr)) {}
NoGradient::~NoGradient() { current_tape = previous_; }

ObserveScope::ObserveScope(See see)
    : see_(std::move(see)), previous_(std::exchange(current_observer, &see_)) {}
ObserveScope::~ObserveScope() { current_observer = previous_; }

std::vector<Var> record_many(const char* op, std::vector<Tensor> outputs,
                             std::span<const Var> inputs, BackwardMany backward, RowLayout layout) {
  if (current_observer != nullptr) (*current_observer)(op, outputs);
  if (Tape* tape = Tape::current())
    return tape->record(op, std::move(outputs), inputs, std::move(backward), std::move(layout));
  std::vector<Var> result;
  for (Tensor& output : outputs) result.emplace_back(std::move(output));
  return result;
}

Var record(const char* op, Tensor output, std::span<const Var> inputs, Backward backward,
           RowLayout layout) {
  std::vector<Tensor> outputs;
  outputs.push_back(std::move(output));
  return record_many(
      op, std::move(outputs), inputs,
      [backward = std::move(backward)](std::span<const Tensor> dys, GradientSink& sink) {
        backward(dys[0], sink);
      },
      std::move(layout))[0];
}

Var record(const char* op, Tensor output, std::initializer_list<Var> inputs, Backward backward,
           RowLayout layout) {
  return record(op, std::move(output), std::span<const Var>(inputs.begin(), inputs.size()),
                std::move(backward), std::move(layout));
}

Gradients backward(const Var& root, const BackwardOptions& options) {
  Tape* tape = Tape::current();
  CTR_CHECK(tape != nullptr, "backward: nothing recorded; make a Tape before the forward pass");
  return tape->backward(root, options);
}

}  // namespace ctr
