#include "io/safetensors.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <vector>

#include <nlohmann/json.hpp>

#include "engine/check.h"
#include "io/checksum.h"
#include "io/file.h"

namespace ctr {
namespace {

using nlohmann::json;

constexpr uint64_t kMostHeader = 100'000'000;  // the reference reader's limit

constexpr const char* kChecksum = "ctrengine.xxh3";  // of the data; files of others have none

struct TypeName {
  const char* name;
  DType dtype;
};
constexpr TypeName kTypes[] = {{"F32", DType::f32},
                               {"F64", DType::f64},
                               {"I32", DType::i32},
                               {"I64", DType::i64},
                               {"U8", DType::u8}};

std::optional<DType> dtype_called(const std::string& name) {
  for (const TypeName& type : kTypes) {
    if (name == type.name) return type.dtype;
  }
  return std::nullopt;
}

const char* type_name(DType dtype) {
  for (const TypeName& type : kTypes) {
    if (dtype == type.dtype) return type.name;
  }
  return "?";
}

// One entry of the header.
struct Entry {
  std::string name;
  DType dtype;
  Shape shape;
  uint64_t begin, end;
};

class Reader {
 public:
  explicit Reader(const std::string& path) : file_(path) {}

  TensorFile read() {
    TensorFile result;
    result.path = file_.path();
    const json header = parse_header();
    std::vector<Entry> entries;
    for (const auto& [name, value] : header.items()) {
      if (name == "__metadata__") {
        read_metadata(value, result);
      } else {
        entries.push_back(read_entry(name, value));
      }
    }
    check_layout(entries);
    for (const Entry& entry : entries) {
      Tensor tensor(entry.shape, entry.dtype);
      if (tensor.bytes() > 0)
        std::memcpy(tensor.raw(), data_ + entry.begin, static_cast<size_t>(tensor.bytes()));
      result.tensors.emplace(entry.name, std::move(tensor));
    }
    if (auto sum = result.metadata.extract(kChecksum); !sum.empty()) {
      if (sum.mapped() != checksum_text(checksum_of(data_, size_)))
        refuse("its numbers are damaged: the checksum does not fit");
    }
    return result;
  }

 private:
  template <class... Args>
  [[noreturn]] void refuse(fmt::format_string<Args...> format, Args&&... args) const {
    fail(ErrorKind::data, "{}: not a usable safetensors file: {}", file_.path(),
         fmt::format(format, std::forward<Args>(args)...));
  }

  json parse_header() {
    const auto bytes = file_.bytes();
    if (bytes.size() < 8) refuse("{} bytes are too few for the header's length", bytes.size());
    uint64_t length = 0;
    std::memcpy(&length, bytes.data(), 8);
    if (length > kMostHeader || length > bytes.size() - 8) {
      refuse("the header should take {} bytes, {} are left", length, bytes.size() - 8);
    }
    data_ = reinterpret_cast<const char*>(bytes.data()) + 8 + length;
    size_ = bytes.size() - 8 - length;
    const char* text = reinterpret_cast<const char*>(bytes.data()) + 8;
    json header = json::parse(text, text + length, nullptr, false);
    if (header.is_discarded() || !header.is_object()) refuse("the header is no JSON object");
    return header;
  }

  void read_metadata(const json& value, TensorFile& result) const {
    if (!value.is_object()) refuse("__metadata__ is no object");
    for (const auto& [name, text] : value.items()) {
      if (!text.is_string()) refuse("__metadata__ '{}' is no text", name);
      result.metadata.emplace(name, text.get<std::string>());
    }
  }

  Entry read_entry(const std::string& name, const json& value) const {
    auto has = [&](const char* key) { return value.is_object() && value.contains(key); };
    if (!has("dtype") || !has("shape") || !has("data_offsets") || !value["dtype"].is_string() ||
        !value["shape"].is_array() || !value["data_offsets"].is_array() ||
        value["data_offsets"].size() != 2) {
      refuse("tensor '{}' needs dtype, shape and data_offsets", name);
    }
    auto dtype = dtype_called(value["dtype"].get<std::string>());
    if (!dtype)
      refuse("tensor '{}' has type {}, known are F32, F64, I32, I64, U8", name,
             value["dtype"].dump());
    std::vector<int64_t> dims;
    uint64_t bytes = size_of(*dtype);
    for (const json& dim : value["shape"]) {
      if (!dim.is_number_unsigned() || dim.get<uint64_t>() > (uint64_t{1} << 40))
        refuse("tensor '{}' has shape {}", name, value["shape"].dump());
      dims.push_back(dim.get<int64_t>());
      if (__builtin_mul_overflow(bytes, dim.get<uint64_t>(), &bytes))
        refuse("tensor '{}' is too large", name);
    }
    if (dims.size() > Shape::kMaxRank)
      refuse("tensor '{}' has {} axes, at most {} are known", name, dims.size(), Shape::kMaxRank);
    const json& offsets = value["data_offsets"];
    if (!offsets[0].is_number_unsigned() || !offsets[1].is_number_unsigned())
      refuse("tensor '{}' has offsets {}", name, offsets.dump());
    Entry entry{name, *dtype, Shape(dims), offsets[0].get<uint64_t>(), offsets[1].get<uint64_t>()};
    if (entry.begin > entry.end || entry.end > size_) {
      refuse("tensor '{}' lies at [{}, {}), the file holds {} bytes of data; it may be cut short",
             name, entry.begin, entry.end, size_);
    }
    if (entry.end - entry.begin != bytes)
      refuse("tensor '{}' needs {} bytes, has {}", name, bytes, entry.end - entry.begin);
    return entry;
  }

  void check_layout(std::vector<Entry> entries) const {
    std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
      return a.begin != b.begin ? a.begin < b.begin : a.end < b.end;
    });
    uint64_t at = 0;
    for (const Entry& entry : entries) {
      if (entry.begin != at)
        refuse("tensor '{}' begins at {} where {} was expected", entry.name, entry.begin, at);
      at = entry.end;
    }
    if (at != size_) refuse("{} bytes follow the last tensor", size_ - at);
  }

  MappedFile file_;
  const char* data_ = nullptr;
  uint64_t size_ = 0;
};

}  // namespace

const Tensor& TensorFile::at(const std::string& name) const {
  auto found = tensors.find(name);
  CTR_CHECK_DATA(found != tensors.end(), "{}: there is no tensor '{}'", path, name);
  return found->second;
}

TensorFile read_safetensors(const std::string& path) { return Reader(path).read(); }

void write_safetensors(const std::string& path, const std::map<std::string, Tensor>& tensors,
                       const std::map<std::string, std::string>& metadata) {
  Checksum sum;
  for (const auto& [name, tensor] : tensors)
    sum.update(tensor.raw(), static_cast<size_t>(tensor.bytes()));
  json header = json::object();
  header["__metadata__"] = metadata;
  header["__metadata__"][kChecksum] = checksum_text(sum.value());
  int64_t at = 0;
  for (const auto& [name, tensor] : tensors) {
    json dims = json::array();
    for (int axis = 0; axis < tensor.rank(); ++axis) dims.push_back(tensor.dim(axis));
    header[name] = {{"dtype", type_name(tensor.dtype())},
                    {"shape", dims},
                    {"data_offsets", {at, at + tensor.bytes()}}};
    at += tensor.bytes();
  }
  std::string text = header.dump();
  text.append((8 - text.size() % 8) % 8, ' ');
  AtomicFile file(path);
  uint64_t length = text.size();
  file.write(&length, 8);
  file.write(text);
  for (const auto& [name, tensor] : tensors) {
    if (tensor.bytes() > 0) file.write(tensor.raw(), static_cast<size_t>(tensor.bytes()));
  }
  file.commit();
}

}  // namespace ctr
