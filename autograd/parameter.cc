#include "autograd/parameter.h"

#include <cmath>
#include <utility>

#include "engine/check.h"
#include "engine/rng.h"

namespace ctr {

Initializer Initializer::xavier_normal(int64_t fan_in, int64_t fan_out) {
  return normal(std::sqrt(2.0 / static_cast<double>(fan_in + fan_out)));
}

Initializer Initializer::xavier_uniform(int64_t fan_in, int64_t fan_out) {
  return Initializer(Kind::uniform, std::sqrt(6.0 / static_cast<double>(fan_in + fan_out)));
}

Initializer Initializer::with_zero_row() const {
  Initializer result = *this;
  result.zero_row_ = true;
  return result;
}

double Initializer::drawn(double uniform) const {
  constexpr double kBelow = 0.022750131948179207;  // of the normal distribution, below −2
  if (kind_ == Kind::uniform) return 2 * uniform - 1;
  return normal_quantile(kind_ == Kind::normal ? uniform : kBelow + uniform * (1 - 2 * kBelow));
}

Tensor Initializer::make(const Shape& shape, DType dtype, uint64_t seed,
                         std::string_view name) const {
  Tensor value = Tensor::full(shape, dtype, kind_ == Kind::constant ? amount_ : 0.0);
  const RandomStream random{seed, stream_of(name), 0};
  const int64_t first = zero_row_ && shape.rank() > 0 ? shape.count(1, shape.rank()) : 0;
  visit_float(dtype, "initializer", [&](auto zero) {
    using T = decltype(zero);
    T* data = value.data<T>();
    for (int64_t i = first; kind_ != Kind::constant && i < value.count(); ++i) {
      const auto element = static_cast<uint64_t>(i);
      data[i] = static_cast<T>(amount_ * drawn(random.uniform(element)));
    }
    for (int64_t i = 0; i < first; ++i) data[i] = T(0);
  });
  return value;
}

const Parameter& ParameterStore::add(std::string name, Tensor value) {
  CTR_CHECK(!by_name_.contains(name), "parameter: the name {} is taken", name);
  parameters_.push_back(std::make_unique<Parameter>(Parameter{name, std::move(value)}));
  by_name_.emplace(std::move(name), parameters_.back().get());
  return *parameters_.back();
}

Parameter* ParameterStore::find(std::string_view name) const {
  auto found = by_name_.find(std::string(name));
  return found == by_name_.end() ? nullptr : found->second;
}

void ParameterStore::catch_up() const {
  for (const auto& parameter : parameters_) {
    if (parameter->late != nullptr) parameter->late->catch_up(parameter->value);
  }
}

int64_t ParameterStore::count_trainable() const {
  int64_t count = 0;
  for (const auto& parameter : parameters_)
    count += parameter->frozen ? 0 : parameter->value.count();
  return count;
}

int64_t ParameterStore::count_frozen() const {
  int64_t count = 0;
  for (const auto& parameter : parameters_)
    count += parameter->frozen && !parameter->state ? parameter->value.count() : 0;
  return count;
}

Scope Scope::operator/(std::string_view name) const {
  Scope result = *this;
  result.path_ = path_of(name);
  return result;
}

Scope Scope::frozen() const {
  Scope result = *this;
  result.frozen_ = true;
  return result;
}

const Parameter& Scope::parameter(std::string_view name, const Shape& shape,
                                  const Initializer& initializer) const {
  std::string path = path_of(name);
  const AllocatorScope memory(store_->memory());
  Tensor value = initializer.make(shape, dtype(), mode().seed, path);
  const Parameter& made = store_->add(std::move(path), std::move(value));
  if (frozen_) store_->find(made.name)->frozen = true;
  return made;
}

const Parameter& Scope::table(std::string_view name, const Shape& shape,
                              const Initializer& initializer) const {
  const Parameter& made = parameter(name, shape, initializer);
  store_->find(made.name)->table = true;
  return made;
}

const Parameter& Scope::frozen_table(std::string_view name, const Tensor& value) const {
  std::string path = path_of(name);
  store_->add(path, value.cast(dtype()));
  Parameter* parameter = store_->find(path);
  parameter->frozen = true;
  parameter->given = true;
  parameter->table = true;
  return *parameter;
}

const Parameter& Scope::state(std::string_view name, const Tensor& initial) const {
  std::string path = path_of(name);
  const AllocatorScope memory(store_->memory());
  store_->add(path, (is_floating(initial.dtype()) ? initial.cast(dtype()) : initial).clone());
  Parameter* parameter = store_->find(path);
  parameter->frozen = true;
  parameter->state = true;
  return *parameter;
}

std::string Scope::path_of(std::string_view name) const {
  return path_.empty() ? std::string(name) : path_ + "/" + std::string(name);
}

}  // namespace ctr
