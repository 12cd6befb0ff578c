#pragma once
// How well codes of ids tell them apart: the four properties that the DHE paper asks of an encoding
// (Kang et al., KDD 2021, section 3), measured.

#include <cstdint>
#include <string>
#include <vector>

namespace ctr {

struct EncodingOptions {
  int64_t ids = 10000;
  int64_t hash_rows = 2500;  // of one hash function's one-hot code
  int64_t dhe_hashes = 256;
  int64_t dhe_buckets = 1000000;
  int64_t seed = 1;
};

struct EncodingProperties {
  std::string name;
  int64_t dimension = 0;       // numbers of a code
  int64_t unique = 0;          // ids whose code no other id has
  double distance = 0;         // mean Euclidean distance of two different ids' codes
  double distance_spread = 0;  // its deviation over its mean: 0 where all are equally similar
  double entropy = 0;          // bits of a dimension over the ids, mean over dimensions
};

struct EncodingReport {
  EncodingOptions options;
  double most_entropy = 0;  // log2(ids): where every id has a value of its own
  int64_t pairs = 0;        // that distances were taken of: all, or a random sample
  std::vector<EncodingProperties> encodings;
};

// One-hot, binary, one-hot of one and of two hash functions, and DHE's uniform and Gaussian codes
// of the ids 0 … ids − 1. Dimensions of k-hot codes are those of k blocks side by side.
EncodingReport report_encodings(const EncodingOptions& options);

std::string text_of(const EncodingReport& report);
std::string json_of(const EncodingReport& report);

}  // namespace ctr
