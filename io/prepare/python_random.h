#pragma once
// Python's random.seed(n) and random.random(), for published data that was drawn with them.

#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

namespace ctr {

// init_by_array of the Mersenne Twister's reference code (Matsumoto and Nishimura, 2002), as a seed
// sequence: the engine takes the 624 words as its state.
class InitByArray {
 public:
  using result_type = uint32_t;
  explicit InitByArray(std::vector<uint32_t> key) : key_(std::move(key)) {}

  template <class Iterator>
  void generate(Iterator begin, Iterator end) const {
    const auto state = words();
    for (size_t i = 0; begin != end; ++begin) *begin = state[i++ % state.size()];
  }

 private:
  static constexpr size_t kWords = 624;
  std::array<uint32_t, kWords> words() const;

  std::vector<uint32_t> key_;
};

class PythonRandom {
 public:
  explicit PythonRandom(uint64_t seed);
  // In [0, 1), 53 bits.
  double random();

 private:
  std::mt19937 engine_;
};

}  // namespace ctr
