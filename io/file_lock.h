#pragma once

#include <string>

namespace ctr {

// A file that one process at a time may hold; the system lets go of it when the process ends,
// however it ends.
class FileLock {
 public:
  // Creates the file where it is missing. Throws kind busy, beginning with `what`, when another
  // process holds it, and kind io when it cannot be opened.
  FileLock(std::string path, const std::string& what);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  int descriptor_ = -1;
};

}  // namespace ctr
