#include "io/npy.h"

#include <array>
#include <cstring>
#include <string_view>
#include <vector>

#include "engine/check.h"
#include "io/file.h"

namespace ctr {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";

struct Header {
  std::string type;  // "<f4"; for records the text of their list
  bool fortran = false;
  std::vector<int64_t> dims;
};

// The header's dictionary: {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
class HeaderText {
 public:
  HeaderText(const std::string& path, std::string_view text) : path_(path), text_(text) {}

  Header parse() {
    Header header;
    std::array<bool, 3> met = {};
    expect('{');
    while (!take('}')) {
      const std::string_view key = quoted();
      expect(':');
      const size_t entry = key == "descr" ? 0 : key == "fortran_order" ? 1 : 2;
      if (met[entry] || (entry == 2 && key != "shape")) refuse("one each of its three entries");
      met[entry] = true;
      if (entry == 0) header.type = type();
      if (entry == 1) header.fortran = boolean();
      if (entry == 2) header.dims = dims();
      if (!take(',') && !next_is('}')) refuse("',' or '}'");
    }
    skip_space();
    if (at_ != text_.size()) refuse("nothing after '}'");
    if (!met[0] || !met[1] || !met[2]) refuse("'descr', 'fortran_order' and 'shape'");
    return header;
  }

 private:
  [[noreturn]] void refuse(std::string_view expected) const {
    fail(ErrorKind::data, "{}: not a usable .npy file: expected {} at byte {} of its header", path_,
         expected, at_);
  }
  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
  }
  bool next_is(char c) {
    skip_space();
    return at_ < text_.size() && text_[at_] == c;
  }
  bool take(char c) {
    if (!next_is(c)) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!take(c)) refuse(std::string_view(&c, 1));
  }
  bool word(std::string_view wanted) {
    skip_space();
    if (!text_.substr(at_).starts_with(wanted)) return false;
    at_ += wanted.size();
    return true;
  }
  std::string_view quoted() {
    const char quote = next_is('"') ? '"' : '\'';
    expect(quote);
    const size_t end = text_.find(quote, at_);
    if (end == std::string_view::npos) refuse("a closing quote");
    const std::string_view inside = text_.substr(at_, end - at_);
    at_ = end + 1;
    return inside;
  }
  // The fields of records are no numbers of one type: their list ends the search.
  std::string type() {
    if (!next_is('[')) return std::string(quoted());
    fail(ErrorKind::data,
         "{}: the array holds records, expected '<f4' or '<f8'; save the columns as one array of "
         "numbers",
         path_);
  }
  bool boolean() {
    if (word("True")) return true;
    if (!word("False")) refuse("True or False");
    return false;
  }
  std::vector<int64_t> dims() {
    std::vector<int64_t> result;
    expect('(');
    while (!take(')')) {
      skip_space();
      int64_t dim = 0;
      const size_t begin = at_;
      for (; at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_) {
        dim = 10 * dim + (text_[at_] - '0');
        if (dim > int64_t{1} << 40) refuse("a size of at most 2^40");
      }
      if (at_ == begin) refuse("a size");
      result.push_back(dim);
      if (!take(',') && !next_is(')')) refuse("',' or ')'");
    }
    return result;
  }

  const std::string& path_;
  std::string_view text_;
  size_t at_ = 0;
};

DType dtype_of(const std::string& path, const std::string& type) {
  CTR_CHECK_DATA(type.find('O') == std::string::npos,
                 "{}: holds pickled Python objects, which are never read; save numbers: "
                 "numpy.save(file, array.astype('float32'))",
                 path);
  CTR_CHECK_DATA(type == "<f4" || type == "<f8",
                 "{}: its numbers are '{}', expected little-endian '<f4' or '<f8'; save "
                 "array.astype('<f4')",
                 path, type);
  return type == "<f4" ? DType::f32 : DType::f64;
}

// The header's text; `begin` becomes where the numbers begin.
std::string_view header_text(const std::string& path, std::string_view bytes, size_t& begin) {
  CTR_CHECK_DATA(bytes.starts_with(kMagic) && bytes.size() >= kMagic.size() + 4,
                 "{}: not a .npy file: it does not begin with \\x93NUMPY and a version", path);
  const auto byte = [&](size_t i) { return static_cast<size_t>(static_cast<uint8_t>(bytes[i])); };
  const size_t version = byte(kMagic.size());
  CTR_CHECK_DATA(version >= 1 && version <= 3 && byte(kMagic.size() + 1) == 0,
                 "{}: .npy version {}.{}, this program reads 1.0, 2.0 and 3.0", path, version,
                 byte(kMagic.size() + 1));
  const size_t at = kMagic.size() + 2, width = version == 1 ? 2 : 4;
  size_t length = 0;
  for (size_t i = 0; i < width && at + i < bytes.size(); ++i) length |= byte(at + i) << (8 * i);
  begin = at + width + length;
  CTR_CHECK_DATA(begin <= bytes.size(),
                 "{}: its header should take {} bytes, the file ends before; it is cut short", path,
                 length);
  return bytes.substr(at + width, length);
}

}  // namespace

Tensor read_npy(const std::string& path) {
  const MappedFile file(path);
  const std::string_view bytes(reinterpret_cast<const char*>(file.bytes().data()),
                               file.bytes().size());
  size_t begin = 0;
  const std::string_view text = header_text(path, bytes, begin);
  const Header header = HeaderText(path, text).parse();
  const DType dtype = dtype_of(path, header.type);
  CTR_CHECK_DATA(!header.fortran,
                 "{}: the array is in Fortran order; save numpy.ascontiguousarray(array)", path);
  CTR_CHECK_DATA(!header.dims.empty() && header.dims.size() <= Shape::kMaxRank,
                 "{}: the array has {} axes, expected 1 to {}", path, header.dims.size(),
                 Shape::kMaxRank);
  uint64_t needed = size_of(dtype);
  for (const int64_t dim : header.dims)
    CTR_CHECK_DATA(!__builtin_mul_overflow(needed, static_cast<uint64_t>(dim), &needed),
                   "{}: the array's size [{}] is beyond 64 bits", path,
                   fmt::join(header.dims, ","));
  CTR_CHECK_DATA(bytes.size() - begin == needed,
                 "{}: an array of size [{}] takes {} bytes, found {}; the file is {}", path,
                 fmt::join(header.dims, ","), needed, bytes.size() - begin,
                 bytes.size() - begin < needed ? "cut short" : "not one array alone");
  Tensor result(Shape(header.dims), dtype);
  if (needed > 0) std::memcpy(result.raw(), bytes.data() + begin, needed);
  return result;
}

}  // namespace ctr
