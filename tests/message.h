#pragma once

#include <functional>
#include <string>

#include "engine/error.h"

namespace ctr {

// What f was refused with; "accepted" when it was not.
inline std::string message(const std::function<void()>& f) {
  try {
    f();
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace ctr
