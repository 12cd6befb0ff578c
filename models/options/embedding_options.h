#pragma once

#include <cstdint>
#include <string>

#include "engine/options.h"

namespace ctr {

// How ids and numbers become vectors: see docs/embeddings.md.
struct EmbeddingOptions {
  std::string kind = "plain";     // plain: a row per id; hash, quotient-remainder, dhe: fewer
  NameList fields = {};           // trained, of that kind; empty: all with ids but given ones
  int64_t min_rows = 0;           // of those, fields with fewer rows stay plain
  bool compress_linear = false;   // the linear term's weights too
  int64_t hash_rows = 0;          // m of the hashing trick; 0: a quarter of the field's
  int64_t hash_count = 1;         // tables, each with a hash function of its own, added up
  int64_t qr_divisor = 0;         // c; 0: the root of the field's rows
  std::string qr_op = "mult";     // mult, add, concat
  int64_t dhe_hashes = 256;       // k
  int64_t dhe_buckets = 1000000;  // m
  std::string dhe_encoding = "uniform";  // uniform, gaussian
  IntList dhe_decoder_units = {256, 256, 256};
  std::string dhe_activation = "mish";
  bool dhe_batch_norm = true;
  double dhe_bn_epsilon = 1e-5;
  double dhe_log_floor = 1e-12;  // under the logarithm of the Gaussian encoding
  int64_t dhe_cache_mb = 1024;   // most memory for a field's decoded vectors in prediction; 0: none
  int64_t numeric_rows = 512;    // --numeric buckets
  int64_t numeric_negative_rows = 8;

  void add_to(OptionList& list);
};

}  // namespace ctr
