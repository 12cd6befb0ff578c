#pragma once
// Products of rows by the matrix of their group: a domain's adapter, the weights that a condition
// generates. Rows may lie in any order; nothing is copied into place. Results do not depend on the
// number of threads.

#include "engine/linalg.h"

namespace ctr {

// Rows rows[begin[g]] … rows[begin[g + 1] − 1] are those of group g, each row in one group.
struct GroupedRows {
  const int64_t* rows;
  const int64_t* begin;  // [groups + 1]
  int64_t groups;
  int64_t count() const { return begin[groups]; }
};

// One matrix for each group: the first, and how many elements lie from one to the next.
template <class T>
struct GroupMatrices {
  Matrix<T> first;
  int64_t step;

  Matrix<T> of(int64_t group) const {
    return {first.data + group * step, first.rows, first.cols, first.stride};
  }
};

// c_r = epilogue(a_r op(b_g)) for every row r of every group g; epilogue.bias is [groups, columns
// of c]. Rows of no group are left as they are. Throws ctr::Error when the sizes do not fit.
void grouped_gemm(Device device, const GroupedRows& groups, Matrix<const float> a,
                  GroupMatrices<const float> b, Transpose transpose_b, Matrix<float> c,
                  const Epilogue<float>& epilogue = {});
void grouped_gemm(Device device, const GroupedRows& groups, Matrix<const double> a,
                  GroupMatrices<const double> b, Transpose transpose_b, Matrix<double> c,
                  const Epilogue<double>& epilogue = {});

// c_g = Σ a_rᵀ b_r over the rows r of each group g, zeros for a group without rows.
void grouped_outer_gemm(Device device, const GroupedRows& groups, Matrix<const float> a,
                        Matrix<const float> b, GroupMatrices<float> c);
void grouped_outer_gemm(Device device, const GroupedRows& groups, Matrix<const double> a,
                        Matrix<const double> b, GroupMatrices<double> c);

}  // namespace ctr
