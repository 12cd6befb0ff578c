#include "tools/strategy/gradient_sum.h"

#include <algorithm>
#include <cstring>

#include "engine/check.h"

namespace ctr {
namespace {

// to[places[i]] += values[i] of `width` numbers each; places: none, then they follow each other.
template <class T>
void add_rows(const Tensor& values, const int64_t* places, Tensor to) {
  const int64_t rows = places == nullptr ? 1 : values.dim(0);
  const int64_t width = places == nullptr ? values.count() : values.dim(1);
  const T* from = values.data<T>();
  for (int64_t r = 0; r < rows; ++r) {
    T* out = to.data<T>() + (places == nullptr ? 0 : places[r] * width);
    for (int64_t k = 0; k < width; ++k) out[k] += from[r * width + k];
  }
}

void zero(const Tensor& tensor) {
  std::memset(Tensor(tensor).raw(), 0, static_cast<size_t>(tensor.bytes()));
}

}  // namespace

GradientSum::GradientSum(const ParameterStore& store) {
  for (const auto& parameter : store.all()) {
    if (parameter->frozen) continue;
    const Tensor& weight = parameter->value;
    all_.push_back({parameter.get(), Tensor::zeros(weight.shape(), weight.dtype()),
                    Tensor::zeros({weight.rank() == 0 ? 1 : weight.dim(0)}, DType::u8),
                    Tensor::zeros({1}, DType::u8)});
  }
}

void GradientSum::clear() {
  for (One& one : all_)
    for (const Tensor* tensor : {&one.values, &one.touched, &one.kind}) zero(*tensor);
}

void GradientSum::add(const StepGradients& gradients) {
  auto next = all_.begin();
  for (const StepGradient& gradient : gradients) {
    while (next->parameter != gradient.parameter) ++next;
    auto& kind = *next->kind.data<uint8_t>();
    visit_float(gradient.values().dtype(), "gradients", [&](auto zero) {
      using T = decltype(zero);
      if (!gradient.is_rows()) {
        kind = kDense;
        return add_rows<T>(gradient.dense, nullptr, next->values);
      }
      kind = std::max<uint8_t>(kind, kRows);
      for (const int64_t row : gradient.rows.ids.span<int64_t>())
        next->touched.data<uint8_t>()[row] = 1;
      add_rows<T>(gradient.rows.values, gradient.rows.ids.data<int64_t>(), next->values);
    });
  }
}

StepGradients GradientSum::sum() const {
  StepGradients result;
  for (const One& one : all_) {
    const uint8_t kind = *one.kind.data<uint8_t>();
    if (kind == kNone) continue;
    StepGradient gradient;
    gradient.parameter = one.parameter;
    if (kind == kDense) {
      gradient.dense = one.values.clone();
    } else {
      const std::span<const uint8_t> touched = one.touched.span<uint8_t>();
      const int64_t rows = std::count(touched.begin(), touched.end(), uint8_t{1});
      const int64_t width = one.values.dim(1);
      gradient.rows = {Tensor({rows}, DType::i64), Tensor({rows, width}, one.values.dtype())};
      const auto bytes = static_cast<size_t>(width) * size_of(one.values.dtype());
      auto* out = static_cast<char*>(gradient.rows.values.raw());
      auto* id = gradient.rows.ids.data<int64_t>();
      for (size_t row = 0; row < touched.size(); ++row) {
        if (touched[row] == 0) continue;
        *id++ = static_cast<int64_t>(row);
        std::memcpy(out, static_cast<const char*>(one.values.raw()) + row * bytes, bytes);
        out += bytes;
      }
    }
    result.push_back(std::move(gradient));
  }
  return result;
}

void GradientSum::put_into(std::map<std::string, Tensor>& all) const {
  for (const One& one : all_) {
    all["gradient/" + one.parameter->name] = one.values;
    all["touched/" + one.parameter->name] = one.touched;
    all["kind/" + one.parameter->name] = one.kind;
  }
}

void GradientSum::take_from(const std::map<std::string, Tensor>& all) {
  auto take = [&](const Tensor& to, const std::string& name) {
    const auto found = all.find(name);
    CTR_CHECK_DATA(found != all.end() && found->second.shape() == to.shape() &&
                       found->second.dtype() == to.dtype(),
                   "strategy: '{}' is missing, or not {} {}", name, to.dtype(), to.shape());
    std::memcpy(Tensor(to).raw(), found->second.raw(), static_cast<size_t>(to.bytes()));
  };
  for (const One& one : all_) {
    take(one.values, "gradient/" + one.parameter->name);
    take(one.touched, "touched/" + one.parameter->name);
    take(one.kind, "kind/" + one.parameter->name);
  }
}

}  // namespace ctr
