#include "models/options/embedding_options.h"

#include "engine/activation.h"

namespace ctr {
namespace {

constexpr double kMostRows = 4e9;

}  // namespace

void EmbeddingOptions::add_to(OptionList& list) {
  list.add({"embeddings",
            &kind,
            "a row per id, or fewer parameters",
            {"plain", "hash", "quotient-remainder", "dhe"}});
  list.add({"embedding_fields", &fields,
            "fields meant, whose given vectors give way to trained ones; empty: all with ids and "
            "no given vectors"});
  list.add({"embedding_min_rows",
            &min_rows,
            "without --embedding-fields: fields with fewer rows stay plain",
            {},
            0,
            1e18});
  list.add({"compress_linear", &compress_linear, "the linear term's weights too"});
  list.add({"hash_rows",
            &hash_rows,
            "hash: rows of a table; 0: a quarter of the field's",
            {},
            0,
            kMostRows});
  list.add({"hash_count", &hash_count, "hash: tables that are added up", {}, 1, 64});
  list.add({"qr_divisor",
            &qr_divisor,
            "quotient-remainder: the divisor; 0: the root of the field's rows",
            {},
            0,
            kMostRows});
  list.add({"qr_op",
            &qr_op,
            "quotient-remainder: what is done with the two vectors",
            {"mult", "add", "concat"}});
  list.add({"dhe_hashes", &dhe_hashes, "DHE: hash functions of an id's code", {}, 1, 65536});
  list.add({"dhe_buckets", &dhe_buckets, "DHE: values of each", {}, 2, 1e15});
  list.add(
      {"dhe_encoding", &dhe_encoding, "DHE: distribution of the code", {"uniform", "gaussian"}});
  list.add(
      {"dhe_decoder_units", &dhe_decoder_units, "DHE: hidden layers of the decoder", {}, 1, 65536});
  list.add({"dhe_activation",
            &dhe_activation,
            "DHE: of the decoder's hidden layers",
            {kActivationNames.begin(), kActivationNames.end()}});
  list.add({"dhe_batch_norm", &dhe_batch_norm, "DHE: batch norm before the activations"});
  list.add({"dhe_bn_epsilon", &dhe_bn_epsilon, "DHE: epsilon of batch norm", {}, 1e-12, 1});
  list.add({"dhe_log_floor",
            &dhe_log_floor,
            "DHE: floor under the logarithm of the Gaussian code",
            {},
            1e-30,
            1});
  list.add({"dhe_cache_mb",
            &dhe_cache_mb,
            "DHE: most memory for a field's decoded vectors in prediction, in MB; 0: none",
            {},
            0,
            1 << 24});
  list.add(
      {"numeric_rows", &numeric_rows, "numeric buckets: rows for numbers from 0", {}, 1, 1 << 24});
  list.add({"numeric_negative_rows",
            &numeric_negative_rows,
            "numeric buckets: rows for negative numbers",
            {},
            0,
            1 << 24});
}

}  // namespace ctr
