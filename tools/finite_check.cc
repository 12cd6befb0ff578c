#include "tools/finite_check.h"

#include <cmath>

#include "engine/check.h"

namespace ctr {
namespace {

// Place of the first element that is no finite number, -1 when all are. Integers always are.
int64_t first_bad(const Tensor& tensor) {
  if (!tensor.defined() || (tensor.dtype() != DType::f32 && tensor.dtype() != DType::f64))
    return -1;
  return visit_float(tensor.dtype(), "finite check", [&](auto zero) -> int64_t {
    using T = decltype(zero);
    const T* data = tensor.data<T>();
    for (int64_t i = 0; i < tensor.count(); ++i) {
      if (!std::isfinite(data[i])) return i;
    }
    return -1;
  });
}

bool is_bad(const Tensor& tensor, int64_t index) {
  return tensor.defined() &&
         first_bad(tensor.reshaped({tensor.count()}).rows(index, index + 1)) >= 0;
}

class Search {
 public:
  Search(BuiltModel& built, const Schema& schema) : built_(built), schema_(schema) {}

  void batch(const Batch& batch) {
    for (size_t f = 0; f < batch.fields.size(); ++f)
      note(batch.fields[f].values, "the numbers of field '{}'", schema_.fields[f].name);
    note(batch.label, "the label '{}'", schema_.labels.empty() ? "" : schema_.labels[0]);
    for (size_t l = 1; l < batch.labels.size(); ++l)
      note(batch.labels[l], "the label '{}'", schema_.labels[l]);
    for (const auto& parameter : built_.store().all())
      note(parameter->value, "the parameter '{}'", parameter->name);
    int64_t calls = 0;
    Tape tape;
    std::vector<Var> logits;
    {
      ObserveScope observe([&](const char* op, std::span<const Tensor> outputs) {
        ++calls;
        for (const Tensor& output : outputs)
          note(output, "the result {} of operator {}, '{}'", output.shape(), calls, op);
      });
      logits = built_.model().logits(batch);
      built_.model().training_losses(batch);
    }
    for (int64_t b = 0; b < batch.rows; ++b) {
      bool bad = false;
      for (const Var& logit : logits) bad = bad || is_bad(logit.value(), b);
      for (const FieldBatch& field : batch.fields) bad = bad || is_bad(field.values, b);
      const int64_t row = batch.row.defined() ? batch.row.data<int64_t>()[b] : b;
      found.rows.push_back(row);
      if (bad) found.bad_rows.push_back(row);
    }
  }

  void gradients(const StepGradients& gradients) {
    for (const StepGradient& gradient : gradients)
      note(gradient.values(), "the gradient of the parameter '{}'", gradient.parameter->name);
    if (found.tensor.empty()) found.tensor = "none: the sum overflows";
  }

  NonFinite found;

 private:
  template <class... Args>
  void note(const Tensor& tensor, fmt::format_string<Args...> format, Args&&... args) {
    if (!found.tensor.empty()) return;
    const int64_t at = first_bad(tensor);
    if (at < 0) return;
    found.tensor = fmt::format(format, std::forward<Args>(args)...) +
                   fmt::format(", at element {} of {}", at, tensor.count());
  }

  BuiltModel& built_;
  const Schema& schema_;
};

}  // namespace

NonFinite find_non_finite(BuiltModel& built, const Schema& schema, std::span<const Batch> batches,
                          const StepGradients& gradients, uint32_t first_draw) {
  built.store().catch_up();
  Search search(built, schema);
  for (size_t i = 0; i < batches.size(); ++i) {
    built.store().mode().step = first_draw + static_cast<uint32_t>(i);
    search.batch(batches[i]);
  }
  search.gradients(gradients);
  return std::move(search.found);
}

std::string describe(const NonFinite& found) {
  std::string rows;
  if (!found.bad_rows.empty()) {
    rows =
        fmt::format("; {} of the step's {} rows are concerned, first row {} of the training split",
                    found.bad_rows.size(), found.rows.size(), found.bad_rows[0]);
  }
  return fmt::format(
      "train: the {} of step {} (epoch {}) is {}; the first tensor that is not finite is {}{}; "
      "lower "
      "--learning-rate, set --clip-norm, or look for odd values in the data",
      found.what, found.step, found.epoch, found.value, found.tensor, rows);
}

}  // namespace ctr
