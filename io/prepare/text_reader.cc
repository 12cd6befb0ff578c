#include "io/prepare/text_reader.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <utility>

#include <zlib.h>

#include "engine/check.h"
#include "io/file.h"

namespace ctr {
namespace {

constexpr unsigned kLargestPiece = 2u << 20;
constexpr unsigned kSmallestPiece = 16u << 10;

}  // namespace

TextReader::TextReader(std::string path) : path_(std::move(path)) {
  struct stat status = {};
  if (stat(path_.c_str(), &status) != 0) fail_io("open", path_, errno);
  if (S_ISDIR(status.st_mode)) fail_io("read", path_, EISDIR);
  errno = 0;
  gzFile file = gzopen(path_.c_str(), "rb");  // reads plain files as they are
  if (file == nullptr) fail_io("open", path_, errno == 0 ? ENOMEM : errno);
  // A small file does not need large buffers; a compressed one is about eight times its size.
  piece_ =
      static_cast<unsigned>(std::clamp<int64_t>(8 * status.st_size, kSmallestPiece, kLargestPiece));
  gzbuffer(file, piece_ / 2);
  file_ = file;
  next_ = std::async(std::launch::async, [this] { return read(); });
}

TextReader::~TextReader() {
  if (next_.valid()) next_.wait();
  gzclose(static_cast<gzFile>(file_));
}

TextReader::Piece TextReader::read() const {
  auto* file = static_cast<gzFile>(file_);
  Piece piece;
  piece.text.resize(piece_);
  const int taken = gzread(file, piece.text.data(), piece_);
  int code = Z_OK;
  const char* reason = gzerror(file, &code);
  if (code == Z_ERRNO) fail_io("read", path_, errno);
  CTR_CHECK_DATA(taken >= 0 && (code == Z_OK || code == Z_STREAM_END),
                 "{}: the gzip data is damaged or was cut short ({})", path_, reason);
  piece.text.resize(static_cast<size_t>(taken));
  piece.offset = gzoffset(file);
  return piece;
}

bool TextReader::append(std::string& text) {
  if (!next_.valid()) return false;
  Piece piece = next_.get();
  bytes_read_ = piece.offset;
  if (piece.text.empty()) return false;
  next_ = std::async(std::launch::async, [this] { return read(); });
  text += piece.text;
  return true;
}

int64_t file_size(const std::string& path) {
  struct stat status = {};
  if (stat(path.c_str(), &status) != 0) fail_io("open", path, errno);
  return status.st_size;
}

std::string find_file(const std::string& folder, const std::string& name) {
  for (const char* suffix : {"", ".gz"}) {
    std::string path = folder + "/";
    path.append(name).append(suffix);
    if (std::filesystem::exists(path)) return path;
  }
  return {};
}

}  // namespace ctr
