#include "engine/onednn/conv1d.h"

#include <algorithm>
#include <memory>

#include "engine/check.h"
#include "engine/onednn/primitive.h"
#include "engine/tensor.h"

namespace ctr::onednn {
namespace {

using dnnl::memory;
using tag = memory::format_tag;

constexpr int64_t kBlocks = 12;  // divided evenly by 2, 3, 4 and 6 threads

struct Key {
  Conv1d c;
  Conv1dPart part;
  bool bias;

  bool operator==(const Key& o) const {
    return c.batch == o.c.batch && c.length == o.c.length && c.in == o.c.in && c.out == o.c.out &&
           c.taps == o.c.taps && c.dilation == o.c.dilation && c.causal == o.c.causal &&
           c.skipped == o.c.skipped && part == o.part && bias == o.bias;
  }
};

struct KeyHash {
  size_t operator()(const Key& key) const {
    return hash_of(
        {key.c.batch, key.c.length, key.c.in, key.c.out, key.c.taps, key.c.dilation, key.c.skipped,
         int64_t{key.c.causal} | int64_t{key.bias} << 1 | static_cast<int64_t>(key.part) << 2});
  }
};

memory::desc places(int64_t batch, int64_t length, int64_t channels) {
  return memory::desc({batch, channels, length}, memory::data_type::f32, tag::nwc);
}

struct Padding {
  memory::dims stride{1}, dilation, left, right;
  explicit Padding(const Conv1d& c)
      : dilation{c.dilation - 1},
        left{c.causal ? (c.taps - 1) * c.dilation - c.skipped : (c.taps - 1) / 2 * c.dilation},
        right{c.causal ? 0 : (c.taps - 1) / 2 * c.dilation} {}
};

constexpr auto kDirect = dnnl::algorithm::convolution_direct;

using Forward = dnnl::convolution_forward;
using Data = dnnl::convolution_backward_data;
using Weight = dnnl::convolution_backward_weights;

Forward::primitive_desc describe_forward(dnnl::prop_kind kind, const memory::desc& x,
                                         const memory::desc& w, const memory::desc& bias,
                                         const memory::desc& y, const Padding& p,
                                         const dnnl::primitive_attr& attributes) {
#if DNNL_VERSION_MAJOR >= 3
  return {cpu_engine(), kind,       kDirect, x,       w,         bias, y,
          p.stride,     p.dilation, p.left,  p.right, attributes};
#else
  return {Forward::desc(kind, kDirect, x, w, bias, y, p.stride, p.dilation, p.left, p.right),
          attributes, cpu_engine()};
#endif
}

Data::primitive_desc describe_data(const memory::desc& dx, const memory::desc& w,
                                   const memory::desc& dy, const Padding& p,
                                   const dnnl::primitive_attr& attributes,
                                   const Forward::primitive_desc& hint) {
#if DNNL_VERSION_MAJOR >= 3
  return {cpu_engine(), kDirect, dx,      w,    dy,        p.stride,
          p.dilation,   p.left,  p.right, hint, attributes};
#else
  return {Data::desc(kDirect, dx, w, dy, p.stride, p.dilation, p.left, p.right), attributes,
          cpu_engine(), hint};
#endif
}

Weight::primitive_desc describe_weight(const memory::desc& x, const memory::desc& dw,
                                       const memory::desc& dy, const Padding& p,
                                       const dnnl::primitive_attr& attributes,
                                       const Forward::primitive_desc& hint) {
#if DNNL_VERSION_MAJOR >= 3
  return {cpu_engine(), kDirect, x,       dw,   dy,        p.stride,
          p.dilation,   p.left,  p.right, hint, attributes};
#else
  return {Weight::desc(kDirect, x, dw, dy, p.stride, p.dilation, p.left, p.right), attributes,
          cpu_engine(), hint};
#endif
}

// One part of one block, and how its weights lie.
struct Block {
  std::unique_ptr<SharedPrimitive> run;
  memory::desc weights;
};

Block make(const Key& key, const memory::desc& weights) {
  const Conv1d& c = key.c;
  const Padding padding(c);
  const memory::desc x = places(c.batch, c.length, c.in), y = places(c.batch, c.places(), c.out);
  const memory::desc bias =
      key.bias ? memory::desc({c.out}, memory::data_type::f32, tag::x) : memory::desc();
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  const SingleThread guard;
  const auto forward =
      describe_forward(key.part == Conv1dPart::forward ? dnnl::prop_kind::forward_inference
                                                       : dnnl::prop_kind::forward_training,
                       x, weights, bias, y, padding, attributes);
  std::vector<SharedPrimitive::Argument> arguments;
  auto shared = [&](const auto& primitive, const memory::desc& scratch) {
    return std::make_unique<SharedPrimitive>(primitive, std::move(arguments), scratch);
  };
  if (key.part == Conv1dPart::forward) {
    arguments = {{DNNL_ARG_SRC, x}, {DNNL_ARG_WEIGHTS, forward.weights_desc()}, {DNNL_ARG_DST, y}};
    if (key.bias) arguments.push_back({DNNL_ARG_BIAS, bias});
    return {shared(Forward(forward), forward.scratchpad_desc()), forward.weights_desc()};
  }
  if (key.part == Conv1dPart::data) {
    const auto back = describe_data(x, weights, y, padding, attributes, forward);
    arguments = {
        {DNNL_ARG_DIFF_SRC, x}, {DNNL_ARG_WEIGHTS, back.weights_desc()}, {DNNL_ARG_DIFF_DST, y}};
    return {shared(Data(back), back.scratchpad_desc()), back.weights_desc()};
  }
  const auto back = describe_weight(x, weights, y, padding, attributes, forward);
  arguments = {
      {DNNL_ARG_SRC, x}, {DNNL_ARG_DIFF_WEIGHTS, back.diff_weights_desc()}, {DNNL_ARG_DIFF_DST, y}};
  return {shared(Weight(back), back.scratchpad_desc()), back.diff_weights_desc()};
}

// A convolution cut into blocks of sequences, all of one layout of the weights.
struct Cut {
  int64_t sequences, blocks;  // of a block, but the last
  Block whole, last;
  memory plain, packed;
  dnnl::reorder in, out;

  explicit Cut(const Key& key) {
    const Conv1d& c = key.c;
    sequences = (c.batch + kBlocks - 1) / kBlocks;
    blocks = (c.batch + sequences - 1) / sequences;
    const memory::dims dims{c.out, c.in, c.taps};
    Key part = key;
    part.c.batch = sequences;
    whole = make(part, memory::desc(dims, memory::data_type::f32, tag::any));
    part.c.batch = c.batch - (blocks - 1) * sequences;
    last = make(part, whole.weights);
    plain = memory(memory::desc(dims, memory::data_type::f32, tag::oiw), cpu_engine(), nullptr);
    packed = memory(whole.weights, cpu_engine());
    const SingleThread guard;
    in = dnnl::reorder(plain, packed);
    out = dnnl::reorder(packed, plain);
  }

  SharedPrimitive& block(int64_t index) { return *(index + 1 < blocks ? whole : last).run; }
  void prepare() {
    for (Block* one : {&whole, &last}) one->run->prepare(block_threads());
  }
  void reorder(dnnl::reorder& way, memory& from, memory& to, const float* weights) {
    plain.set_data_handle(const_cast<float*>(weights));
    const SingleThread guard;
    thread_local dnnl::stream stream(cpu_engine());
    way.execute(stream, from, to);
    stream.wait();
  }
  float* packed_data() const { return static_cast<float*>(packed.get_data_handle()); }
};

Cut& cached(const Key& key) {
  thread_local std::unordered_map<Key, std::unique_ptr<Cut>, KeyHash> cache;
  if (cache.size() > kMostCached) cache.clear();
  std::unique_ptr<Cut>& cut = cache[key];
  if (!cut) cut = std::make_unique<Cut>(key);
  return *cut;
}

template <class F>
void guarded(const Conv1d& c, const F& f) {
  try {
    f();
  } catch (const dnnl::error& error) {
    fail(ErrorKind::device,
         "conv1d [{},{},{}] to {} channels by {} taps {} apart: oneDNN failed with status {}: {}",
         c.batch, c.length, c.in, c.out, c.taps, c.dilation, static_cast<int>(error.status),
         error.what());
  }
}

}  // namespace

void conv1d_forward(const Conv1d& c, const float* x, const float* w, const float* bias, float* y) {
  guarded(c, [&] {
    Cut& cut = cached({c, Conv1dPart::forward, bias != nullptr});
    cut.prepare();
    cut.reorder(cut.in, cut.plain, cut.packed, w);
    run_blocks(cut.blocks, [&](int64_t block) {
      const int64_t first = block * cut.sequences;
      cut.block(block).run({{DNNL_ARG_SRC, x + first * c.length * c.in},
                            {DNNL_ARG_WEIGHTS, cut.packed_data()},
                            {DNNL_ARG_BIAS, bias},
                            {DNNL_ARG_DST, y + first * c.places() * c.out}});
    });
  });
}

void conv1d_data(const Conv1d& c, const float* dy, const float* w, float* dx) {
  guarded(c, [&] {
    Cut& cut = cached({c, Conv1dPart::data, false});
    cut.prepare();
    cut.reorder(cut.in, cut.plain, cut.packed, w);
    run_blocks(cut.blocks, [&](int64_t block) {
      const int64_t first = block * cut.sequences;
      cut.block(block).run({{DNNL_ARG_DIFF_DST, dy + first * c.places() * c.out},
                            {DNNL_ARG_WEIGHTS, cut.packed_data()},
                            {DNNL_ARG_DIFF_SRC, dx + first * c.length * c.in}});
    });
  });
}

void conv1d_weight(const Conv1d& c, const float* x, const float* dy, float* dw) {
  guarded(c, [&] {
    Cut& cut = cached({c, Conv1dPart::weight, false});
    cut.prepare();
    const auto size = static_cast<int64_t>(cut.packed.get_desc().get_size() / sizeof(float));
    Tensor parts({cut.blocks, size}, DType::f32);
    float* of_block = parts.data<float>();
    run_blocks(cut.blocks, [&](int64_t block) {
      const int64_t first = block * cut.sequences;
      cut.block(block).run({{DNNL_ARG_SRC, x + first * c.length * c.in},
                            {DNNL_ARG_DIFF_WEIGHTS, of_block + block * size},
                            {DNNL_ARG_DIFF_DST, dy + first * c.places() * c.out}});
    });
    float* sum = cut.packed_data();
    std::copy_n(of_block, size, sum);
    for (int64_t block = 1; block < cut.blocks; ++block)
      for (int64_t i = 0; i < size; ++i) sum[i] += of_block[block * size + i];
    cut.reorder(cut.out, cut.packed, cut.plain, dw);
  });
}

}  // namespace ctr::onednn
