#include "tools/strategy/parameter_set.h"

#include <algorithm>
#include <cstring>

#include "engine/check.h"
#include "engine/parallel.h"

namespace ctr {
namespace {

// Calls f(i) for all elements.
template <class F>
void for_elements(const Tensor& tensor, const F& f) {
  parallel_for(tensor.count(), parallel_grain(), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) f(i);
  });
}

void copy(const Tensor& from, const Tensor& to) {
  CTR_ASSERT(from.bytes() == to.bytes() && from.dtype() == to.dtype());
  const auto* source = static_cast<const char*>(from.raw());
  auto* target = static_cast<char*>(Tensor(to).raw());
  parallel_for(from.bytes(), 64 * parallel_grain(), [&](int64_t begin, int64_t end) {
    std::memcpy(target + begin, source + begin, static_cast<size_t>(end - begin));
  });
}

}  // namespace

ParameterSet ParameterSet::trained(const ParameterStore& store) {
  ParameterSet set;
  for (const auto& parameter : store.all()) {
    if (parameter->frozen) continue;
    set.names_.push_back(parameter->name);
    set.values_.push_back(parameter->value);
  }
  return set;
}

ParameterSet ParameterSet::trained_and_states(const ParameterStore& store) {
  ParameterSet set;
  for (const auto& parameter : store.all()) {
    if (parameter->frozen && !parameter->state) continue;
    set.names_.push_back(parameter->name);
    set.values_.push_back(parameter->value);
  }
  return set;
}

ParameterSet ParameterSet::copy() const {
  ParameterSet set = *this;
  for (Tensor& value : set.values_) value = value.clone();
  return set;
}

ParameterSet ParameterSet::zeros() const {
  ParameterSet set = *this;
  for (Tensor& value : set.values_) value = Tensor::zeros(value.shape(), value.dtype());
  return set;
}

void ParameterSet::assign(const ParameterSet& other) {
  CTR_ASSERT(other.values_.size() == values_.size());
  for (size_t p = 0; p < values_.size(); ++p) ctr::copy(other.values_[p], values_[p]);
}

void ParameterSet::assign_sum(const ParameterSet& a, const ParameterSet& b) {
  for (size_t p = 0; p < values_.size(); ++p) {
    visit_float(values_[p].dtype(), "weights", [&](auto zero) {
      using T = decltype(zero);
      T* out = values_[p].data<T>();
      const T *left = a.values_[p].data<T>(), *right = b.values_[p].data<T>();
      for_elements(values_[p], [=](int64_t i) { out[i] = left[i] + right[i]; });
    });
  }
}

void ParameterSet::approach(const ParameterSet& other, double share) {
  for (size_t p = 0; p < values_.size(); ++p) {
    visit_float(values_[p].dtype(), "weights", [&](auto zero) {
      using T = decltype(zero);
      T* out = values_[p].data<T>();
      const T* to = other.values_[p].data<T>();
      const T stay = static_cast<T>(1 - share), go = static_cast<T>(share);
      for_elements(values_[p], [=](int64_t i) { out[i] = stay * out[i] + go * to[i]; });
    });
  }
}

void ParameterSet::add(const ParameterSet& other, double share) {
  for (size_t p = 0; p < values_.size(); ++p) {
    visit_float(values_[p].dtype(), "weights", [&](auto zero) {
      using T = decltype(zero);
      T* out = values_[p].data<T>();
      const T* more = other.values_[p].data<T>();
      const T scale = static_cast<T>(share);
      for_elements(values_[p], [=](int64_t i) { out[i] += scale * more[i]; });
    });
  }
}

void ParameterSet::add_move(const ParameterSet& to, const ParameterSet& a, const ParameterSet& b,
                            double share) {
  for (size_t p = 0; p < values_.size(); ++p) {
    visit_float(values_[p].dtype(), "weights", [&](auto zero) {
      using T = decltype(zero);
      T* out = values_[p].data<T>();
      const T* end = to.values_[p].data<T>();
      const T *left = a.values_[p].data<T>(), *right = b.values_[p].data<T>();
      const T scale = static_cast<T>(share);
      for_elements(values_[p],
                   [=](int64_t i) { out[i] += scale * (end[i] - (left[i] + right[i])); });
    });
  }
}

void ParameterSet::put_into(std::map<std::string, Tensor>& all, const std::string& prefix) const {
  for (size_t p = 0; p < values_.size(); ++p) all[prefix + names_[p]] = values_[p];
}

void ParameterSet::take_from(const std::map<std::string, Tensor>& all, const std::string& prefix) {
  for (size_t p = 0; p < values_.size(); ++p) {
    const auto found = all.find(prefix + names_[p]);
    CTR_CHECK_DATA(found != all.end() && found->second.shape() == values_[p].shape() &&
                       found->second.dtype() == values_[p].dtype(),
                   "strategy: '{}{}' is missing, or not {} {}", prefix, names_[p],
                   values_[p].dtype(), values_[p].shape());
    ctr::copy(found->second, values_[p]);
  }
}

}  // namespace ctr
