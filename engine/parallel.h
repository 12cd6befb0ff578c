#pragma once
// Loops over several threads. How the range is cut must never change a result: callers write each
// element from its index alone. Idle threads wait passively when OMP_WAIT_POLICY says so (the
// program sets it).

#include <omp.h>

#include <cstdint>

namespace ctr {

// Below this many simple element operations a second thread costs more than it brings.
int64_t parallel_grain();

// While in scope, loops of any size use all threads. Tests show with it that small cases too come
// out the same for any number of threads.
class FineGrainScope {
 public:
  FineGrainScope();
  ~FineGrainScope();
  FineGrainScope(const FineGrainScope&) = delete;
  FineGrainScope& operator=(const FineGrainScope&) = delete;
};

// Calls f(begin, end) on disjoint pieces of [0, n), each of at least `grain` iterations unless n is
// smaller. `f` must not throw. Runs on the calling thread alone inside another parallel loop.
template <class F>
void parallel_for(int64_t n, int64_t grain, const F& f) {
  if (n <= 0) return;
  int64_t pieces = omp_in_parallel() ? 1 : (n + grain - 1) / grain;
  if (pieces > omp_get_max_threads()) pieces = omp_get_max_threads();
  if (pieces <= 1) {
    f(int64_t{0}, n);
    return;
  }
#pragma omp parallel for schedule(static, 1) num_threads(static_cast <int>(pieces))
  for (int64_t piece = 0; piece < pieces; ++piece) {
    f(n * piece / pieces, n * (piece + 1) / pieces);
  }
}

// The same for a loop over `rows` of `cols` element operations each.
template <class F>
void parallel_rows(int64_t rows, int64_t cols, const F& f) {
  parallel_for(rows, parallel_grain() / (cols > 0 ? cols : 1) + 1, f);
}

}  // namespace ctr
