#include "io/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "engine/check.h"

namespace ctr {
namespace {

std::string_view advice(int code) {
  switch (code) {
    case ENOENT:
      return "; check the path";
    case EACCES:
    case EPERM:
      return "; check the permissions";
    case EROFS:
      return "; choose a place that can be written to";
    case ENOSPC:
    case EDQUOT:
      return "; free some space and run again";
    case EMFILE:
      return "; raise the limit of open files (ulimit -n) and run again";
    default:
      return "";
  }
}

WriteSink system_sink;
thread_local WriteSink* current_sink = &system_sink;

// A name that no other thread of this process gets; other processes are told apart by exclusive
// creation.
std::string temporary_name(const std::string& path) {
  static std::atomic<uint64_t> counter{0};
  return path + ".tmp-" + std::to_string(getpid()) + "-" + std::to_string(counter++);
}

class Descriptor {
 public:
  Descriptor(const std::string& path, int flags) : value_(open(path.c_str(), flags | O_CLOEXEC)) {
    if (value_ < 0) fail_io("open", path, errno);
  }
  ~Descriptor() { close(value_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return value_; }

 private:
  int value_;
};

std::string directory_of(const std::string& path) {
  std::string parent = std::filesystem::path(path).parent_path().string();
  return parent.empty() ? "." : parent;
}

// Makes the names in a directory durable.
void sync_directory(const std::string& path) {
  const Descriptor directory(path, O_RDONLY | O_DIRECTORY);
  // Some file systems have no fsync for directories and say EINVAL: there it has nothing to do.
  if (fsync(directory.get()) != 0 && errno != EINVAL) fail_io("sync the directory", path, errno);
}

// 0, or the system's error.
int write_all(WriteSink& sink, int descriptor, const void* data, size_t bytes, int64_t offset) {
  const char* next = static_cast<const char*>(data);
  while (bytes > 0) {
    int64_t taken = sink.write(descriptor, next, bytes, offset);
    if (taken < 0 && errno == EINTR) continue;
    if (taken <= 0) return taken < 0 ? errno : EIO;
    next += taken;
    offset += taken;
    bytes -= static_cast<size_t>(taken);
  }
  return 0;
}

}  // namespace

void fail_io(std::string_view action, const std::string& path, int code) {
  fail(ErrorKind::io, "file: cannot {} '{}': {}{}", action, path,
       std::generic_category().message(code), advice(code));
}

int64_t WriteSink::write(int descriptor, const void* data, size_t bytes, int64_t offset) {
  return pwrite(descriptor, data, bytes, offset);
}

WriteSinkScope::WriteSinkScope(WriteSink& sink) : previous_(std::exchange(current_sink, &sink)) {}
WriteSinkScope::~WriteSinkScope() { current_sink = previous_; }

AtomicFile::AtomicFile(std::string path) : path_(std::move(path)), sink_(current_sink) {
  do {
    temporary_ = temporary_name(path_);
    descriptor_ = open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  } while (descriptor_ < 0 && errno == EEXIST);
  if (descriptor_ < 0) fail_io("create", temporary_, errno);
}

AtomicFile::~AtomicFile() {
  if (descriptor_ >= 0) close(descriptor_);
  if (!temporary_.empty()) unlink(temporary_.c_str());
}

void AtomicFile::write(const void* data, size_t bytes) {
  write_at(size_, data, bytes);
  size_ += static_cast<int64_t>(bytes);
}

void AtomicFile::overwrite(int64_t offset, const void* data, size_t bytes) {
  CTR_ASSERT(offset >= 0 && offset + static_cast<int64_t>(bytes) <= size_);
  write_at(offset, data, bytes);
}

void AtomicFile::write_at(int64_t offset, const void* data, size_t bytes) {
  CTR_ASSERT(descriptor_ >= 0);
  if (int code = write_all(*sink_, descriptor_, data, bytes, offset); code != 0)
    fail_io("write", path_, code);
}

void AtomicFile::commit() {
  CTR_ASSERT(descriptor_ >= 0);
  if (fsync(descriptor_) != 0) fail_io("write", path_, errno);
  if (close(std::exchange(descriptor_, -1)) != 0) fail_io("write", path_, errno);
  if (rename(temporary_.c_str(), path_.c_str()) != 0) fail_io("rename to", path_, errno);
  temporary_.clear();
  sync_directory(directory_of(path_));
}

AppendFile::AppendFile(std::string path, int64_t keep) : path_(std::move(path)) {
  descriptor_ = open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (descriptor_ < 0) fail_io("open", path_, errno);
  struct stat status = {};
  if (fstat(descriptor_, &status) != 0) fail_io("read", path_, errno);
  size_ = keep < 0 ? status.st_size : std::min<int64_t>(keep, status.st_size);
  for (char last = 0; size_ > 0; --size_) {
    if (pread(descriptor_, &last, 1, size_ - 1) != 1) fail_io("read", path_, errno);
    if (last == '\n') break;
  }
  if (size_ != status.st_size && ftruncate(descriptor_, size_) != 0)
    fail_io("shorten", path_, errno);
}

AppendFile::~AppendFile() { close(descriptor_); }

void AppendFile::append(std::string_view lines) {
  CTR_ASSERT(lines.ends_with('\n'));
  int code = write_all(*current_sink, descriptor_, lines.data(), lines.size(), size_);
  if (code != 0) {
    if (ftruncate(descriptor_, size_) != 0) code = errno;
    fail_io("write", path_, code);
  }
  size_ += static_cast<int64_t>(lines.size());
}

void AppendFile::sync() {
  if (fdatasync(descriptor_) != 0) fail_io("write", path_, errno);
}

MappedFile::MappedFile(std::string path) : path_(std::move(path)) {
  Descriptor file(path_, O_RDONLY);
  struct stat status = {};
  if (fstat(file.get(), &status) != 0) fail_io("read", path_, errno);
  if (S_ISDIR(status.st_mode)) fail_io("read", path_, EISDIR);
  if (!S_ISREG(status.st_mode)) {
    fail(ErrorKind::io, "file: '{}' must be a regular file to be mapped; copy it to one", path_);
  }
  size_ = static_cast<size_t>(status.st_size);
  if (size_ == 0) return;  // an empty mapping is not allowed
  void* data = mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (data == MAP_FAILED) fail_io("map", path_, errno);
  data_ = static_cast<const std::byte*>(data);
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) munmap(const_cast<std::byte*>(data_), size_);
}

std::string read_text(const std::string& path) {
  Descriptor file(path, O_RDONLY);
  std::string text;
  std::array<char, 1 << 16> buffer;
  while (true) {
    ssize_t taken = read(file.get(), buffer.data(), buffer.size());
    if (taken < 0 && errno == EINTR) continue;
    if (taken < 0) fail_io("read", path, errno);
    if (taken == 0) return text;
    text.append(buffer.data(), static_cast<size_t>(taken));
  }
}

void write_text_atomically(const std::string& path, std::string_view text) {
  AtomicFile file(path);
  file.write(text);
  file.commit();
}

void make_directories(const std::string& path) {
  std::error_code code;
  std::filesystem::create_directories(path, code);
  if (code) fail_io("create the directory", path, code.value());
}

AtomicDirectory::AtomicDirectory(std::string target) : target_(std::move(target)) {
  int status = 0;
  do {
    path_ = temporary_name(target_);
    status = mkdir(path_.c_str(), 0777);
  } while (status != 0 && errno == EEXIST);
  if (status != 0) fail_io("create the directory", path_, errno);
}

AtomicDirectory::~AtomicDirectory() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

void AtomicDirectory::commit() {
  sync_directory(path_);
  if (rename(path_.c_str(), target_.c_str()) != 0) fail_io("rename to", target_, errno);
  path_.clear();
  sync_directory(directory_of(target_));
}

void AtomicDirectory::replace() {
  sync_directory(path_);
  std::error_code code;
  std::filesystem::remove_all(target_, code);
  if (code) fail_io("replace", target_, code.value());
  commit();
}

}  // namespace ctr
