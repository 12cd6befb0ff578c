#include "models/layers/deep_hash_embedding.h"

#include <cmath>
#include <cstring>

#include "engine/check.h"
#include "ops/activation/activation.h"
#include "ops/gather/distinct.h"
#include "ops/linear/linear.h"

namespace ctr {
namespace {

// Of a unit of the last hidden layer, as mish(z) of z ~ N(0, 1) has it.
constexpr double kMeanSquare = 0.45;

}  // namespace

DeepHashEmbedding::DeepHashEmbedding(const Scope& scope, int64_t ids, int64_t width,
                                     const EmbeddingOptions& options, double deviation)
    : scope_(scope),
      ids_(ids),
      width_(width),
      hash_(scope, options.dhe_hashes, options.dhe_buckets, ids),
      encoding_(options.dhe_encoding == "gaussian" ? HashEncoding::gaussian
                                                   : HashEncoding::uniform),
      log_floor_(options.dhe_log_floor),
      activation_(activation_called(options.dhe_activation).value()),
      cache_bytes_(options.dhe_cache_mb << 20) {
  CTR_CHECK(encoding_ == HashEncoding::uniform || options.dhe_hashes % 2 == 0,
            "dhe: the Gaussian encoding takes hashes in pairs, got {}; use an even --dhe-hashes",
            options.dhe_hashes);
  int64_t in = options.dhe_hashes;
  for (size_t l = 0; l < options.dhe_decoder_units.size(); ++l) {
    const int64_t units = options.dhe_decoder_units[l];
    const Scope place = scope / static_cast<int64_t>(l);
    Layer& layer = layers_.emplace_back(Layer{LinearLayer(place, in, units), {}});
    if (options.dhe_batch_norm) layer.norm.emplace(place / "bn", units, options.dhe_bn_epsilon);
    in = units;
  }
  // So that vectors begin with about the deviation asked for, as rows of a table do; Xavier's would
  // be a hundred times larger, and interactions of such vectors drown what else a model learns.
  const Scope out = scope / "out";
  out_weight_ = &out.parameter(
      "weight", {width, in},
      Initializer::normal(deviation / std::sqrt(kMeanSquare * static_cast<double>(in))));
  out_bias_ = &out.parameter("bias", {width}, Initializer::zeros());
}

Var DeepHashEmbedding::encoding(const Tensor& ids) const {
  return hash_encoding(ids, hash_.family(), encoding_, log_floor_, scope_.dtype());
}

Var DeepHashEmbedding::decode(const Tensor& ids) const {
  Var h = encoding(ids);
  for (const Layer& layer : layers_) {
    h = layer.linear(h, layer.norm ? Activation::identity : activation_);
    if (!layer.norm) continue;
    h = activate(ids.count() > 1 ? (*layer.norm)(h) : layer.norm->evaluated(h), activation_);
  }
  return linear(h, *out_weight_, *out_bias_);
}

bool DeepHashEmbedding::caches() const {
  const auto row = width_ * static_cast<int64_t>(size_of(scope_.dtype()));
  return Tape::current() == nullptr && !scope_.mode().training && ids_ <= cache_bytes_ / row;
}

// Decodes those of the ids that nobody has asked for since the weights changed.
void DeepHashEmbedding::fill_cache(const Tensor& ids, int64_t padding) const {
  const uint64_t version = scope_.mode().weights_version;
  if (!cache_.table.defined()) {
    const AllocatorScope heap(heap_allocator());  // outlives the step
    cache_.table = Tensor({ids_, width_}, scope_.dtype());
  }
  if (cache_.version != version) {
    cache_.known.assign(static_cast<size_t>(ids_), false);
  }
  cache_.version = kNone;  // should decoding fail
  Tensor fresh({ids.count()}, DType::i64);
  auto* next = fresh.data<int64_t>();
  for (int64_t i = 0; i < ids.count(); ++i) {
    const int64_t id = ids.data<int64_t>()[i];
    if (id == padding || cache_.known[static_cast<size_t>(id)]) continue;
    cache_.known[static_cast<size_t>(id)] = true;
    *next++ = id;
  }
  const int64_t count = next - fresh.data<int64_t>();
  fresh = fresh.rows(0, count);
  const Tensor vectors = count > 0 ? decode(fresh).value() : Tensor();
  const auto bytes = static_cast<size_t>(width_) * size_of(scope_.dtype());
  for (int64_t i = 0; i < count; ++i) {
    std::memcpy(static_cast<char*>(cache_.table.raw()) +
                    static_cast<size_t>(fresh.data<int64_t>()[i]) * bytes,
                static_cast<const char*>(vectors.raw()) + static_cast<size_t>(i) * bytes, bytes);
  }
  cache_.version = version;
}

Var DeepHashEmbedding::operator()(const Tensor& ids, int64_t padding) const {
  check_ids("dhe", ids, ids_, padding);
  if (caches()) {
    fill_cache(ids, padding);
    return gather(Var(cache_.table), ids, padding);
  }
  const DistinctIds distinct = distinct_ids(ids, padding);
  return gather(decode(distinct.values), distinct.index, distinct.values.count());
}

}  // namespace ctr
