#pragma once
// Partitioned norm: x is [rows, cols], statistics are [domains, cols]. The sums of a domain's rows
// are those of column_norm_bodies.h.

#include "engine/kernel.h"
#include "engine/math.h"

namespace ctr {

// r = 1 / √(σ² + ε), scale = γ γ_d r
template <class T>
struct DomainScale {
  static constexpr const char* kName = "partitioned_norm scale";
  const T* variance;
  const T* gamma;
  const T* domain_gamma;
  T* r;
  T* scale;
  int64_t cols;
  T epsilon;
  CTR_HD void operator()(int64_t domain, int64_t col) const {
    const int64_t i = domain * cols + col;
    r[i] = T(1) / math::sqrt(variance[i] + epsilon);
    scale[i] = gamma[col] * domain_gamma[i] * r[i];
  }
};
CTR_KERNEL(for_each_2d, DomainScale);

// y = scale_d (x − mean_d) + β + β_d, d the row's domain.
template <class T>
struct NormaliseDomains {
  static constexpr const char* kName = "partitioned_norm";
  const T* x;
  const int64_t* of;
  const T* mean;
  const T* scale;
  const T* beta;
  const T* domain_beta;
  T* y;
  int64_t cols;
  CTR_HD void operator()(int64_t row, int64_t col) const {
    const int64_t i = row * cols + col, d = of[row] * cols + col;
    y[i] = scale[d] * (x[i] - mean[d]) + (beta[col] + domain_beta[d]);
  }
};
CTR_KERNEL(for_each_2d, NormaliseDomains);

// Of a domain's sums s: dγ_d = γ r s, and what dx takes away, of dy's mean and in proportion to
// x − mean: centre = Σdy / n, slope = r² s / n; both 0 for constant statistics.
template <class T>
struct DomainGradients {
  static constexpr const char* kName = "partitioned_norm backward domains";
  const T* s;
  const T* sum_dy;
  const T* r;
  const T* gamma;
  const int64_t* begin;  // where each domain's rows begin in the list of all
  T* ddomain_gamma;
  T* centre;
  T* slope;
  int64_t cols;
  bool of_batch;
  CTR_HD void operator()(int64_t domain, int64_t col) const {
    const int64_t i = domain * cols + col, n = begin[domain + 1] - begin[domain];
    const T share = of_batch && n > 0 ? T(1) / static_cast<T>(n) : T(0);
    ddomain_gamma[i] = gamma[col] * r[i] * s[i];
    centre[i] = share * sum_dy[i];
    slope[i] = share * r[i] * r[i] * s[i];
  }
};
CTR_KERNEL(for_each_2d, DomainGradients);

// dγ = Σ_d γ_d r s, dβ = Σ_d Σdy
template <class T>
struct SharedGradients {
  static constexpr const char* kName = "partitioned_norm backward columns";
  const T* s;
  const T* sum_dy;
  const T* r;
  const T* domain_gamma;
  T* dgamma;
  T* dbeta;
  int64_t domains, cols;
  CTR_HD void operator()(int64_t col) const {
    T scaled = T(0), shifted = T(0);
    for (int64_t i = col; i < domains * cols; i += cols) {
      scaled += domain_gamma[i] * r[i] * s[i];
      shifted += sum_dy[i];
    }
    dgamma[col] = scaled;
    dbeta[col] = shifted;
  }
};
CTR_KERNEL(for_each, SharedGradients);

// dx = scale_d (dy − centre_d − (x − mean_d) slope_d)
template <class T>
struct NormaliseDomainsBackward {
  static constexpr const char* kName = "partitioned_norm backward";
  const T* x;
  const T* dy;
  const int64_t* of;
  const T* mean;
  const T* scale;
  const T* centre;
  const T* slope;
  T* dx;
  int64_t cols;
  CTR_HD void operator()(int64_t row, int64_t col) const {
    const int64_t i = row * cols + col, d = of[row] * cols + col;
    dx[i] = scale[d] * (dy[i] - centre[d] - (x[i] - mean[d]) * slope[d]);
  }
};
CTR_KERNEL(for_each_2d, NormaliseDomainsBackward);

}  // namespace ctr
