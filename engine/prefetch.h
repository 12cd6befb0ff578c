#pragma once
// Hints to the CPU that memory will soon be read or written.

#include <cstdint>

namespace ctr {

// Asks for all cache lines of `count` elements from `first` on.
template <class T>
inline void prefetch_lines(const T* first, int64_t count) {
  const char* begin = reinterpret_cast<const char*>(first);
  const char* end = begin + count * static_cast<int64_t>(sizeof(T));
  for (; begin < end; begin += 64) __builtin_prefetch(begin);
}

}  // namespace ctr
