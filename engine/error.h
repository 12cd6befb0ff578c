#pragma once
// The one exception of the engine. Free of fmt and of any vendor header, so that device code may
// include it.

#include <stdexcept>
#include <string>

namespace ctr {

// What went wrong, as the exit code that the program ends with (sysexits.h where it has one).
enum class ErrorKind {
  usage = 2,      // a mistake of the caller: wrong shape, unknown option
  data = 65,      // input data that cannot be used
  device = 69,    // a device or library that is missing or failed
  internal = 70,  // a mistake of ours
  io = 74,        // a file that cannot be read or written
  busy = 75,      // another process holds what is needed; try again
};

// Message form: `op: what must hold, got what; what to do`.
class Error : public std::runtime_error {
 public:
  explicit Error(const std::string& message, ErrorKind kind = ErrorKind::usage)
      : std::runtime_error(message), kind_(kind) {}
  ErrorKind kind() const { return kind_; }

 private:
  ErrorKind kind_;
};

}  // namespace ctr
