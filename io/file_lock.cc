#include "io/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "engine/check.h"
#include "io/file.h"

namespace ctr {

FileLock::FileLock(std::string path, const std::string& what) {
  descriptor_ = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (descriptor_ < 0) fail_io("open", path, errno);
  if (flock(descriptor_, LOCK_EX | LOCK_NB) == 0) return;
  const int code = errno;
  close(descriptor_);
  if (code != EWOULDBLOCK) fail_io("lock", path, code);
  fail(ErrorKind::busy, "{}; try again when it has ended", what);
}

FileLock::~FileLock() { close(descriptor_); }

}  // namespace ctr
