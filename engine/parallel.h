#pragma once
// Loops over several threads. How the range is cut must never change a result: callers write each
// element from its index alone. Idle threads wait passively when OMP_WAIT_POLICY says so (the
// program sets it).

#include <omp.h>

#include <cstdint>
#include <exception>

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

// Who runs a task: the next thread that is free, so that what other programs take of a core holds
// up one task and not a share of them all; or the same thread for the same numbers, which then
// keeps what it once made for it.
enum class Turns : bool { free, fixed };

// Calls f(i) for n independent tasks. The first exception that one throws is thrown here.
template <class F>
void run_tasks(int64_t n, Turns turns, const F& f) {
  std::exception_ptr failure;
  auto run = [&](int64_t i) {
    try {
      f(i);
    } catch (...) {
#pragma omp critical(ctr_parallel_tasks)
      if (!failure) failure = std::current_exception();
    }
  };
  const bool several = n > 1 && !omp_in_parallel();
  if (turns == Turns::fixed) {
#pragma omp parallel for schedule(static, 1) if (several)
    for (int64_t i = 0; i < n; ++i) run(i);
  } else {
#pragma omp parallel for schedule(dynamic, 1) if (several)
    for (int64_t i = 0; i < n; ++i) run(i);
  }
  if (failure) std::rethrow_exception(failure);
}

// Calls f(i) for n independent tasks of `work` element operations together: several at once where
// they are enough to occupy all threads, otherwise one after another, so that the loops inside them
// may use all threads. The first exception that a task throws is thrown here.
template <class F>
void parallel_tasks(int64_t n, int64_t work, const F& f) {
  if (omp_in_parallel() || omp_get_max_threads() == 1 || n < 2 * omp_get_max_threads() ||
      work < 2 * parallel_grain()) {
    for (int64_t i = 0; i < n; ++i) f(i);
    return;
  }
  run_tasks(n, Turns::free, f);
}

}  // namespace ctr
