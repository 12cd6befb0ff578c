#pragma once

namespace ctr {

// While in scope, the first SIGINT or SIGTERM is remembered instead of ending the program; a second
// one ends it at once with exit code 130. One scope at a time.
class InterruptScope {
 public:
  InterruptScope();
  ~InterruptScope();
  InterruptScope(const InterruptScope&) = delete;
  InterruptScope& operator=(const InterruptScope&) = delete;

  static bool requested();
};

}  // namespace ctr
