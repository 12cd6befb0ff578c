#pragma once
// The safetensors format: an 8-byte little-endian header length, a JSON header, raw little-endian
// data.

#include <map>
#include <string>

#include "engine/tensor.h"

namespace ctr {

struct TensorFile {
  std::map<std::string, Tensor> tensors;        // F32, F64, I32, I64, U8; rank at most 4
  std::map<std::string, std::string> metadata;  // `__metadata__`

  // The tensor called `name`; throws kind data, naming the file, when there is none.
  const Tensor& at(const std::string& name) const;
  std::string path;
};

// Reads a file whole. Throws kind data on anything that the format forbids: a header that is too
// long or no JSON, unknown types, sizes that do not fit their shape, gaps, overlaps, bytes missing
// or left over.
TensorFile read_safetensors(const std::string& path);

// Writes all or nothing (io/file.h), with a checksum of the data that read_safetensors checks.
void write_safetensors(const std::string& path, const std::map<std::string, Tensor>& tensors,
                       const std::map<std::string, std::string>& metadata);

}  // namespace ctr
