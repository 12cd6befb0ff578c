#include "tools/bench/memory.h"

#include <malloc.h>

#include <fstream>
#include <string>

namespace ctr {

void restart_peak() {
  malloc_trim(0);                               // what has been given back
  std::ofstream("/proc/self/clear_refs") << 5;  // see proc(5)
}

double peak_megabytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::stod(line.substr(6)) / 1024;
  }
  return 0;
}

}  // namespace ctr
