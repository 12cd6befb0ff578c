#pragma once
// A text file, plain or gzip, read ahead on a thread of its own.

#include <cstdint>
#include <future>
#include <string>

namespace ctr {

class TextReader {
 public:
  // Throws kind io when the file cannot be opened.
  explicit TextReader(std::string path);
  ~TextReader();
  TextReader(const TextReader&) = delete;
  TextReader& operator=(const TextReader&) = delete;

  // Appends the next piece (about 2 MiB of text); false at the end of the file. Throws kind data on
  // damaged or truncated gzip data.
  bool append(std::string& text);

  const std::string& path() const { return path_; }
  int64_t bytes_read() const { return bytes_read_; }  // of the file itself, compressed or not

 private:
  struct Piece {
    std::string text;
    int64_t offset = 0;  // in the file, after it
  };
  Piece read() const;

  std::string path_;
  unsigned piece_ = 0;  // most bytes of a reading
  void* file_;          // gzFile
  std::future<Piece> next_;
  int64_t bytes_read_ = 0;
};

// Bytes of a file on disk.
int64_t file_size(const std::string& path);

// FOLDER/NAME or FOLDER/NAME.gz, or empty when there is neither.
std::string find_file(const std::string& folder, const std::string& name);

}  // namespace ctr
