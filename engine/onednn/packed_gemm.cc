#include "engine/onednn/packed_gemm.h"

#include <algorithm>
#include <memory>
#include <string_view>

#include "engine/onednn/gemm_cut.h"
#include "engine/onednn/primitive.h"

namespace ctr::onednn {
namespace {

using dnnl::memory;
using tag = memory::format_tag;

// All that the machine code depends on but the rows of a block.
struct Key {
  int64_t cols, inner, stride_b;
  bool transpose_b, bias, relu, add;

  bool operator==(const Key&) const = default;
};

struct KeyHash {
  size_t operator()(const Key& key) const {
    return hash_of({key.cols, key.inner, key.stride_b,
                    int64_t{key.transpose_b} | int64_t{key.bias} << 1 | int64_t{key.relu} << 2 |
                        int64_t{key.add} << 3});
  }
};

memory::desc pixels(int64_t rows, int64_t channels) {
  return memory::desc({1, channels, 1, rows}, memory::data_type::f32, tag::nhwc);
}

class PackedFactor {
 public:
  explicit PackedFactor(const Key& key)
      : key_(key),
        bias_(key.bias ? memory::desc({key.cols}, memory::data_type::f32, tag::x)
                       : memory::desc()) {}

  // Blocks of this many rows; null where oneDNN has no fast kernel.
  SharedPrimitive* block(int64_t rows) {
    auto [found, fresh] = blocks_.try_emplace(rows);
    if (fresh) found->second = make(rows);
    return found->second.get();
  }

  // Copies op(b) into the kernels' layout, on all threads.
  void pack(const float* b) {
    plain_.set_data_handle(const_cast<float*>(b));
    thread_local dnnl::stream stream(cpu_engine());
    reorder_.execute(stream, plain_, packed_);
    stream.wait();
  }
  const float* packed() const { return static_cast<const float*>(packed_.get_data_handle()); }

 private:
  using Convolution = dnnl::convolution_forward;

  std::unique_ptr<SharedPrimitive> make(int64_t rows) {
    const memory::desc source = pixels(rows, key_.inner), target = pixels(rows, key_.cols);
    Convolution::primitive_desc primitive;
    {
      const SingleThread guard;
      primitive = describe(source, target);
    }
    if (!primitive || !std::string_view(primitive.impl_info_str()).starts_with("jit_1x1"))
      return nullptr;
    if (!packed_) prepare_packing(primitive.weights_desc());
    std::vector<SharedPrimitive::Argument> arguments = {
        {DNNL_ARG_SRC, source},
        {DNNL_ARG_WEIGHTS, primitive.weights_desc()},
        {DNNL_ARG_DST, target}};
    if (key_.bias) arguments.push_back({DNNL_ARG_BIAS, bias_});
    return std::make_unique<SharedPrimitive>(Convolution(primitive), std::move(arguments),
                                             primitive.scratchpad_desc());
  }

  Convolution::primitive_desc describe(const memory::desc& source,
                                       const memory::desc& target) const {
    dnnl::primitive_attr attributes;
    attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    attributes.set_post_ops(post_ops(key_.add, key_.relu));
    const memory::desc weights =
        packed_ ? packed_.get_desc()
                : memory::desc({key_.cols, key_.inner, 1, 1}, memory::data_type::f32, tag::any);
    const auto kind = dnnl::prop_kind::forward_inference;
    const auto direct = dnnl::algorithm::convolution_direct;
    const memory::dims one{1, 1}, none{0, 0};
#if DNNL_VERSION_MAJOR >= 3
    return {cpu_engine(), kind, direct, source, weights,    bias_,
            target,       one,  none,   none,   attributes, true};
#else
    const Convolution::desc desc =
        key_.bias ? Convolution::desc(kind, direct, source, weights, bias_, target, one, none, none)
                  : Convolution::desc(kind, direct, source, weights, target, one, none, none);
    return {desc, attributes, cpu_engine(), true};
#endif
  }

  void prepare_packing(const memory::desc& layout) {
    const memory::dim stride = key_.stride_b;
    const memory::dims strides =
        key_.transpose_b ? memory::dims{stride, 1, 1, 1} : memory::dims{1, stride, 1, 1};
    const memory::desc plain({key_.cols, key_.inner, 1, 1}, memory::data_type::f32, strides);
    packed_ = memory(layout, cpu_engine());
    plain_ = memory(plain, cpu_engine(), nullptr);
    reorder_ = dnnl::reorder(plain_, packed_);
  }

  Key key_;
  memory::desc bias_;
  memory packed_, plain_;
  dnnl::reorder reorder_;
  std::unordered_map<int64_t, std::unique_ptr<SharedPrimitive>> blocks_;
};

PackedFactor& cached(const Key& key) {
  thread_local std::unordered_map<Key, std::unique_ptr<PackedFactor>, KeyHash> cache;
  if (cache.size() > kMostCached) cache.clear();
  std::unique_ptr<PackedFactor>& factor = cache[key];
  if (!factor) factor = std::make_unique<PackedFactor>(key);
  return *factor;
}

}  // namespace

bool packed_gemm(const Matrix<const float>& a, const Matrix<const float>& b, Transpose transpose_b,
                 const Matrix<float>& c, const Epilogue<float>& epilogue) {
  constexpr int64_t kBlocks = 12, kRowUnit = 4, kChannels = 8;
  constexpr double kLeastWork = 64e6;  // multiply-adds
  const int64_t inner = a.cols;
  const double work =
      static_cast<double>(c.rows) * static_cast<double>(c.cols) * static_cast<double>(inner);
  if (inner % kChannels != 0 || c.cols % kChannels != 0 || a.stride != inner ||
      c.stride != c.cols || work < kLeastWork || c.rows < 256)
    return false;
  PackedFactor& factor = cached({c.cols, inner, b.stride, transpose_b == Transpose::yes,
                                 epilogue.bias != nullptr, epilogue.relu, epilogue.add});
  const int64_t rows = part_of(c.rows, kBlocks, kRowUnit);
  const int64_t blocks = (c.rows + rows - 1) / rows;
  SharedPrimitive* whole = factor.block(rows);
  SharedPrimitive* last = factor.block(c.rows - (blocks - 1) * rows);
  if (whole == nullptr || last == nullptr) return false;
  for (SharedPrimitive* one : {whole, last}) one->prepare(block_threads());
  factor.pack(b.data);
  run_blocks(blocks, [&](int64_t block) {
    SharedPrimitive& primitive = block + 1 < blocks ? *whole : *last;
    primitive.run({{DNNL_ARG_SRC, a.data + block * rows * inner},
                   {DNNL_ARG_WEIGHTS, factor.packed()},
                   {DNNL_ARG_DST, c.data + block * rows * c.cols},
                   {DNNL_ARG_BIAS, epilogue.bias}});
  });
  return true;
}

}  // namespace ctr::onednn
