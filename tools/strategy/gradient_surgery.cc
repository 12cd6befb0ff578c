#include "tools/strategy/gradient_surgery.h"

#include <algorithm>
#include <numeric>

#include "engine/check.h"
#include "engine/parallel.h"
#include "io/batch_rows.h"

namespace ctr {
namespace {

constexpr uint64_t kOrderStream = 0x9C64;

// In eight running sums: a loop that vectorises, and one order whatever the machine.
template <class T>
double dot(const T* a, const T* b, int64_t count) {
  double lanes[8] = {};
  int64_t i = 0;
  for (; i + 8 <= count; i += 8)
    for (int64_t k = 0; k < 8; ++k)
      lanes[k] += static_cast<double>(a[i + k]) * static_cast<double>(b[i + k]);
  for (; i < count; ++i) lanes[0] += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  double sum = 0;
  for (const double lane : lanes) sum += lane;
  return sum;
}

template <class T>
double dot_rows(const CoalescedRows& a, const CoalescedRows& b) {
  const std::span<const int64_t> left = a.ids.span<int64_t>(), right = b.ids.span<int64_t>();
  const int64_t width = a.values.dim(1);
  double sum = 0;
  for (size_t i = 0, j = 0; i < left.size() && j < right.size();) {
    if (left[i] == right[j])
      sum += dot(a.values.data<T>() + static_cast<int64_t>(i) * width,
                 b.values.data<T>() + static_cast<int64_t>(j) * width, width);
    const bool next_left = left[i] <= right[j], next_right = right[j] <= left[i];
    i += next_left ? 1 : 0;
    j += next_right ? 1 : 0;
  }
  return sum;
}

template <class T>
double dot_mixed(const CoalescedRows& rows, const Tensor& dense) {
  const int64_t width = rows.values.dim(1);
  double sum = 0;
  int64_t r = 0;
  for (const int64_t id : rows.ids.span<int64_t>())
    sum += dot(rows.values.data<T>() + r++ * width, dense.data<T>() + id * width, width);
  return sum;
}

double dot(const StepGradient& a, const StepGradient& b) {
  return visit_float(a.values().dtype(), "pcgrad", [&](auto zero) {
    using T = decltype(zero);
    if (a.is_rows() && b.is_rows()) return dot_rows<T>(a.rows, b.rows);
    if (a.is_rows()) return dot_mixed<T>(a.rows, b.dense);
    if (b.is_rows()) return dot_mixed<T>(b.rows, a.dense);
    return dot(a.dense.data<T>(), b.dense.data<T>(), a.dense.count());
  });
}

// Both are in the order of the store.
double dot(const StepGradients& a, const StepGradients& b) {
  double sum = 0;
  for (const StepGradient& one : a) {
    const auto other = std::find_if(b.begin(), b.end(), [&](const StepGradient& candidate) {
      return candidate.parameter == one.parameter;
    });
    if (other != b.end()) sum += dot(one, *other);
  }
  return sum;
}

// Rows that any of them has.
std::vector<int64_t> all_ids(std::span<const StepGradient* const> parts) {
  std::vector<int64_t> ids;
  for (const StepGradient* part : parts) {
    std::vector<int64_t> both;
    const std::span<const int64_t> more = part->rows.ids.span<int64_t>();
    std::set_union(ids.begin(), ids.end(), more.begin(), more.end(), std::back_inserter(both));
    ids = std::move(both);
  }
  return ids;
}

// out[i] += weight · values[i], where the values' rows are those `ids` of what `out` has rows for.
template <class T>
void add_scaled(const StepGradient& part, double weight, std::span<const int64_t> ids,
                Tensor& out) {
  const T scale = static_cast<T>(weight);
  if (!part.is_rows()) {
    const T* from = part.dense.data<T>();
    for (int64_t i = 0; i < part.dense.count(); ++i) out.data<T>()[i] += scale * from[i];
    return;
  }
  const int64_t width = part.rows.values.dim(1);
  const T* from = part.rows.values.data<T>();
  size_t at = 0;
  for (const int64_t id : part.rows.ids.span<int64_t>()) {
    int64_t row = id;  // of a dense sum
    if (!ids.empty()) {
      while (ids[at] != id) ++at;
      row = static_cast<int64_t>(at);
    }
    T* to = out.data<T>() + row * width;
    for (int64_t k = 0; k < width; ++k) to[k] += scale * from[k];
    from += width;
  }
}

StepGradient combine(Parameter* parameter, std::span<const StepGradient* const> parts,
                     std::span<const double> weights) {
  StepGradient result;
  result.parameter = parameter;
  const bool by_rows = std::all_of(parts.begin(), parts.end(),
                                   [](const StepGradient* part) { return part->is_rows(); });
  const Tensor& weight = parameter->value;
  std::vector<int64_t> ids;
  Tensor out;
  if (by_rows) {
    ids = all_ids(parts);
    const int64_t rows = std::ssize(ids);
    out = Tensor::zeros({rows, parts[0]->rows.values.dim(1)}, weight.dtype());
    result.rows = {Tensor::from<int64_t>({rows}, ids), out};
  } else {
    out = Tensor::zeros(weight.shape(), weight.dtype());
    result.dense = out;
  }
  visit_float(weight.dtype(), "pcgrad", [&](auto zero) {
    using T = decltype(zero);
    for (size_t p = 0; p < parts.size(); ++p) add_scaled<T>(*parts[p], weights[p], ids, out);
  });
  return result;
}

}  // namespace

std::vector<double> gram(std::span<const StepGradients> gradients) {
  const size_t domains = gradients.size();
  std::vector<double> products(domains * domains);
  std::vector<std::pair<size_t, size_t>> pairs;
  for (size_t i = 0; i < domains; ++i)
    for (size_t j = i; j < domains; ++j) pairs.emplace_back(i, j);
  int64_t work = 0;
  for (const StepGradients& one : gradients)
    for (const StepGradient& gradient : one) work += gradient.values().count();
  parallel_tasks(std::ssize(pairs), work * static_cast<int64_t>(domains), [&](int64_t p) {
    const auto [i, j] = pairs[static_cast<size_t>(p)];
    products[i * domains + j] = products[j * domains + i] = dot(gradients[i], gradients[j]);
  });
  return products;
}

std::vector<double> surgery(std::span<const double> gram, size_t domains,
                            const RandomStream& random) {
  std::vector<double> total(domains, 0);
  for (size_t i = 0; i < domains; ++i) {
    std::vector<double> share(domains, 0);  // g'_i = Σ_k share_k g_k
    share[i] = 1;
    std::vector<size_t> others;
    for (size_t j = 0; j < domains; ++j)
      if (j != i) others.push_back(j);
    RandomStream order = random;
    order.stream += i << 32;
    shuffle(std::span(others), order);
    for (const size_t j : others) {
      double product = 0;
      for (size_t k = 0; k < domains; ++k) product += share[k] * gram[k * domains + j];
      if (product < 0) share[j] -= product / gram[j * domains + j];
    }
    for (size_t k = 0; k < domains; ++k) total[k] += share[k];
  }
  return total;
}

StepGradients weighted(std::span<const StepGradients> gradients, std::span<const double> weights,
                       const ParameterStore& store) {
  StepGradients result;
  for (const auto& parameter : store.all()) {
    std::vector<const StepGradient*> parts;
    std::vector<double> factors;
    for (size_t d = 0; d < gradients.size(); ++d)
      for (const StepGradient& one : gradients[d])
        if (one.parameter == parameter.get()) {
          parts.push_back(&one);
          factors.push_back(weights[d]);
        }
    if (!parts.empty()) result.push_back(combine(parameter.get(), parts, factors));
  }
  return result;
}

StepResult GradientSurgery::step(const Pass&, std::span<const Batch> batches, int64_t number) {
  std::vector<Batch> parts;
  std::vector<int64_t> domain_of;  // of each part
  for (const Batch& batch : batches) {
    std::map<int64_t, std::vector<int64_t>> places;
    const std::span<const int64_t> domains = batch.domain.span<int64_t>();
    for (size_t i = 0; i < domains.size(); ++i)
      places[domains[i]].push_back(static_cast<int64_t>(i));
    for (const auto& [domain, rows] : places) {
      parts.push_back(rows_of(batch, rows));
      domain_of.push_back(domain);
    }
  }
  std::map<int64_t, Gradients> by_domain;
  const int64_t draws = context_.options.accumulate * context_.data.schema.domains;
  const auto first_draw = static_cast<uint32_t>(number * draws);
  StepResult result =
      context_.step.measure(parts, first_draw, [&](size_t part, Gradients&& gradients) {
        by_domain[domain_of[part]].add(std::move(gradients));
      });
  std::vector<StepGradients> gradients;
  for (const auto& [domain, sum] : by_domain)
    gradients.push_back(gather_sums(context_.built.store(), sum));
  const std::vector<double> weights = surgery(
      gram(gradients), gradients.size(),
      {static_cast<uint64_t>(context_.options.seed), kOrderStream, static_cast<uint32_t>(number)});
  context_.step.move(weighted(gradients, weights, context_.built.store()), batches, first_draw,
                     result);
  return result;
}

}  // namespace ctr
