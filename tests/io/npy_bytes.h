#pragma once
// .npy files for tests, byte by byte.

#include <cstring>
#include <string>
#include <vector>

#include <fmt/format.h>

namespace ctr {

inline std::string npy_bytes(const std::string& header, const std::string& numbers,
                             int version = 1) {
  std::string bytes = "\x93NUMPY";
  bytes += static_cast<char>(version);
  bytes += '\0';
  for (int i = 0; i < (version == 1 ? 2 : 4); ++i)
    bytes += static_cast<char>(header.size() >> (8 * i) & 255);
  return bytes + header + numbers;
}

template <class T>
std::string raw_bytes(const std::vector<T>& numbers) {
  std::string bytes(numbers.size() * sizeof(T), '\0');
  std::memcpy(bytes.data(), numbers.data(), bytes.size());
  return bytes;
}

// A matrix of f32 as numpy.save writes it.
inline std::string npy_matrix(int64_t rows, int64_t columns, const std::vector<float>& numbers) {
  return npy_bytes(fmt::format("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}, {}), }}\n",
                               rows, columns),
                   raw_bytes(numbers));
}

}  // namespace ctr
