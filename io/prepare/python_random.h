#pragma once
// Python's random.Random(seed) as far as the published splits need it: its numbers decide how many
// negatives a domain gets.

#include <cstdint>
#include <random>

namespace ctr {

// Mersenne twister MT19937 seeded as Python seeds it with a whole number (init_by_array; Matsumoto
// and Nishimura, 2002).
class PythonRandom {
 public:
  explicit PythonRandom(uint32_t seed);

  double random();                          // 53 bits in [0, 1)
  double uniform(double low, double high);  // low + (high − low) · random()

 private:
  std::mt19937 engine_;
};

// Python's round(x, 2).
double round_to_hundredths(double x);

}  // namespace ctr
