#pragma once
// Files as the rest of `io` uses them: written whole or not at all, read by mapping. Every failure
// of the operating system is a ctr::Error of kind `io` that names the path and the system's reason.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace ctr {

// What AtomicFile writes through. Tests replace it by one that runs out of space.
class WriteSink {
 public:
  virtual ~WriteSink() = default;
  // As pwrite(2): the count of bytes taken, or -1 with errno set.
  virtual int64_t write(int descriptor, const void* data, size_t bytes, int64_t offset);
};

// Makes `sink` the one that files opened on this thread write through, while in scope.
class WriteSinkScope {
 public:
  explicit WriteSinkScope(WriteSink& sink);
  ~WriteSinkScope();
  WriteSinkScope(const WriteSinkScope&) = delete;
  WriteSinkScope& operator=(const WriteSinkScope&) = delete;

 private:
  WriteSink* previous_;
};

// A file that appears under its name only when it is whole: bytes go to a temporary name beside the
// target, and commit() makes them durable and renames. Without commit() the destructor removes them
// and the target stays as it was. A symbolic link at `path` is replaced. Writes are not buffered.
class AtomicFile {
 public:
  explicit AtomicFile(std::string path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  // Appends.
  void write(const void* data, size_t bytes);
  void write(std::string_view text) { write(text.data(), text.size()); }
  // Replaces bytes written before, such as a header whose counts are known at the end.
  void overwrite(int64_t offset, const void* data, size_t bytes);
  // fsync, rename, fsync of the directory. Nothing may be written after it.
  void commit();

 private:
  void write_at(int64_t offset, const void* data, size_t bytes);

  std::string path_;
  std::string temporary_;  // empty once renamed
  int descriptor_ = -1;
  int64_t size_ = 0;
  WriteSink* sink_;
};

// The same for a directory and what is put into it.
class AtomicDirectory {
 public:
  // Makes an empty directory beside `target`.
  explicit AtomicDirectory(std::string target);
  ~AtomicDirectory();
  AtomicDirectory(const AtomicDirectory&) = delete;
  AtomicDirectory& operator=(const AtomicDirectory&) = delete;

  // Where files go until commit(); they are made durable by whoever writes them.
  const std::string& path() const { return path_; }
  // `target` must not exist.
  void commit();
  // `target` goes first, if there is one.
  void replace();

 private:
  std::string target_;
  std::string path_;  // empty once renamed
};

// A log that grows by whole lines: an append() that fails leaves the file as it was before. Lines
// outlive the program from then on, and the machine from sync() on.
class AppendFile {
 public:
  // Opens or creates the file. Keeps its first `keep` bytes, all when negative, less a last line
  // without an end: what a crash tore.
  explicit AppendFile(std::string path, int64_t keep = -1);
  ~AppendFile();
  AppendFile(const AppendFile&) = delete;
  AppendFile& operator=(const AppendFile&) = delete;

  // `lines` ends with a newline.
  void append(std::string_view lines);
  void sync();
  int64_t size() const { return size_; }

 private:
  std::string path_;
  int descriptor_ = -1;
  int64_t size_ = 0;
};

// A file's bytes, mapped read-only. The file must not be cut short while mapped (files made by
// AtomicFile are not: a new version is a new file).
class MappedFile {
 public:
  explicit MappedFile(std::string path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  const std::string& path() const { return path_; }
  std::span<const std::byte> bytes() const { return {data_, size_}; }

 private:
  std::string path_;
  const std::byte* data_ = nullptr;
  size_t size_ = 0;
};

std::string read_text(const std::string& path);
void write_text_atomically(const std::string& path, std::string_view text);

// Creates `path` and the directories above it where they are missing.
void make_directories(const std::string& path);

// Throws kind `io` for the system error `code`: "file: cannot ACTION 'PATH': REASON; what to do".
[[noreturn]] void fail_io(std::string_view action, const std::string& path, int code);

}  // namespace ctr
