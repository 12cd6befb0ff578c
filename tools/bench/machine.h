#pragma once
// What the machine can do, measured: the yardsticks of `bench`.

namespace ctr {

struct Machine {
  int threads = 0;
  double peak_gflops = 0;  // single-precision multiply-adds in registers, all threads
  double copy_gbytes = 0;  // read and written per second, far beyond the caches
  double gather_ns = 0;    // a random row of 64 bytes from 512 MiB, all threads, per row
};

// Takes about a second.
Machine measure_machine();

}  // namespace ctr
