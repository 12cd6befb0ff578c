#pragma once
// CTR_CHECK: a user's mistake becomes a ctr::Error with a formatted message. For .cc files only:
// fmt does not compile under nvcc, so no header that a kernel file reaches may include this one.

#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "engine/dtype.h"
#include "engine/error.h"
#include "engine/shape.h"

template <>
struct fmt::formatter<ctr::Shape> : fmt::formatter<std::string> {
  auto format(const ctr::Shape& shape, fmt::format_context& context) const {
    return fmt::formatter<std::string>::format(shape.text(), context);
  }
};

template <>
struct fmt::formatter<ctr::DType> : fmt::formatter<std::string_view> {
  auto format(ctr::DType dtype, fmt::format_context& context) const {
    return fmt::formatter<std::string_view>::format(ctr::name_of(dtype), context);
  }
};

namespace ctr {

template <class... Args>
[[noreturn]] void fail(ErrorKind kind, fmt::format_string<Args...> format, Args&&... args) {
  throw Error(fmt::format(format, std::forward<Args>(args)...), kind);
}

}  // namespace ctr

// The message is built only when the condition fails.
#define CTR_CHECK(condition, ...)                        \
  do {                                                   \
    if (!(condition)) [[unlikely]]                       \
      ::ctr::fail(::ctr::ErrorKind::usage, __VA_ARGS__); \
  } while (false)

// The same for mistakes in data (exit code 65) and for our own (exit code 70).
#define CTR_CHECK_DATA(condition, ...)                  \
  do {                                                  \
    if (!(condition)) [[unlikely]]                      \
      ::ctr::fail(::ctr::ErrorKind::data, __VA_ARGS__); \
  } while (false)

#define CTR_ASSERT(condition)                                                                      \
  do {                                                                                             \
    if (!(condition)) [[unlikely]]                                                                 \
      ::ctr::fail(::ctr::ErrorKind::internal, "{}:{}: internal error: {} does not hold", __FILE__, \
                  __LINE__, #condition);                                                           \
  } while (false)
