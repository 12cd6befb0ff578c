#include "tools/interrupt.h"

#include <unistd.h>

#include <csignal>

namespace ctr {
namespace {

constexpr int kInterrupted = 130;

// A signal handler can reach nothing but static storage.
volatile std::sig_atomic_t interrupted = 0;

void handle(int) {
  if (interrupted != 0) _exit(kInterrupted);
  interrupted = 1;
}

void install(void (*handler)(int)) {
  struct sigaction action = {};
  action.sa_handler = handler;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

}  // namespace

InterruptScope::InterruptScope() {
  interrupted = 0;
  install(handle);
}
InterruptScope::~InterruptScope() { install(SIG_DFL); }

bool InterruptScope::requested() { return interrupted != 0; }

}  // namespace ctr
