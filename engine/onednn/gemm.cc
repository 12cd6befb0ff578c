#include "engine/onednn/gemm.h"

#include <omp.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <exception>
#include <memory>
#include <unordered_map>
#include <vector>

#include <oneapi/dnnl/dnnl.hpp>

#include "engine/check.h"
#include "engine/parallel.h"

namespace ctr::onednn {
namespace {

using dnnl::memory;

// All that the machine code of one product depends on.
struct Key {
  int64_t rows, cols, inner;
  int64_t stride_a, stride_b, stride_c;
  bool transpose_a, transpose_b, bias, relu;

  bool operator==(const Key&) const = default;
};

struct KeyHash {
  size_t operator()(const Key& key) const {
    uint64_t hash = 0xCBF29CE484222325u;
    for (int64_t value : {key.rows, key.cols, key.inner, key.stride_a, key.stride_b, key.stride_c,
                          int64_t{key.transpose_a} | int64_t{key.transpose_b} << 1 |
                              int64_t{key.bias} << 2 | int64_t{key.relu} << 3}) {
      hash = (hash ^ static_cast<uint64_t>(value)) * 0x9E3779B97F4A7C15u;
      hash ^= hash >> 29;
    }
    return hash;
  }
};

dnnl::engine& cpu_engine() {
  static dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

memory::desc plain(int64_t rows, int64_t cols, int64_t stride, bool transposed) {
  memory::dims strides = transposed ? memory::dims{1, stride} : memory::dims{stride, 1};
  return memory::desc({rows, cols}, memory::data_type::f32, strides);
}

// One product, ready to run on one thread: the primitive, its arguments and its scratch memory.
class Product {
 public:
  explicit Product(const Key& key) {
    memory::desc a = plain(key.rows, key.inner, key.stride_a, key.transpose_a);
    memory::desc b = plain(key.inner, key.cols, key.stride_b, key.transpose_b);
    memory::desc c = plain(key.rows, key.cols, key.stride_c, false);
    memory::desc bias = key.bias ? plain(1, key.cols, key.cols, false) : memory::desc();
    auto primitive = describe(a, b, bias, c, key.relu);
    matmul_ = dnnl::matmul(primitive);
    add(DNNL_ARG_SRC, a);
    add(DNNL_ARG_WEIGHTS, b);
    add(DNNL_ARG_DST, c);
    if (key.bias) add(DNNL_ARG_BIAS, bias);
    arguments_.emplace(DNNL_ARG_SCRATCHPAD, memory(primitive.scratchpad_desc(), cpu_engine()));
  }

  void run(dnnl::stream& stream, const float* a, const float* b, const float* bias, float* c) {
    arguments_.at(DNNL_ARG_SRC).set_data_handle(const_cast<float*>(a));
    arguments_.at(DNNL_ARG_WEIGHTS).set_data_handle(const_cast<float*>(b));
    arguments_.at(DNNL_ARG_DST).set_data_handle(c);
    if (bias != nullptr) arguments_.at(DNNL_ARG_BIAS).set_data_handle(const_cast<float*>(bias));
    matmul_.execute(stream, arguments_);
  }

 private:
  static dnnl::matmul::primitive_desc describe(const memory::desc& a, const memory::desc& b,
                                               const memory::desc& bias, const memory::desc& c,
                                               bool relu) {
    dnnl::primitive_attr attributes;
    attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    dnnl::post_ops after;
#if DNNL_VERSION_MAJOR >= 3
    if (relu) after.append_eltwise(dnnl::algorithm::eltwise_relu, 0.f, 0.f);
    attributes.set_post_ops(after);
    return dnnl::matmul::primitive_desc(cpu_engine(), a, b, bias, c, attributes);
#else
    if (relu) after.append_eltwise(1.f, dnnl::algorithm::eltwise_relu, 0.f, 0.f);
    attributes.set_post_ops(after);
    return {dnnl::matmul::desc(a, b, bias, c), attributes, cpu_engine()};
#endif
  }

  void add(int argument, const memory::desc& desc) {
    arguments_.emplace(argument, memory(desc, cpu_engine(), nullptr));
  }

  dnnl::matmul matmul_;
  std::unordered_map<int, memory> arguments_;
};

// Products of this thread. Shapes of a training run are few; the cap only bounds odd uses.
Product& cached(const Key& key) {
  constexpr size_t kMost = 1024;
  thread_local std::unordered_map<Key, std::unique_ptr<Product>, KeyHash> products;
  std::unique_ptr<Product>& product = products[key];
  if (!product) {
    auto made = std::make_unique<Product>(key);
    if (products.size() > kMost) {
      products.clear();
      return *(products[key] = std::move(made));
    }
    product = std::move(made);
  }
  return *product;
}

// oneDNN picks its blocking by the number of threads that it may use: one, whatever the machine
// has.
class SingleThread {
 public:
  SingleThread() : before_(omp_get_max_threads()) { omp_set_num_threads(1); }
  ~SingleThread() { omp_set_num_threads(before_); }
  SingleThread(const SingleThread&) = delete;
  SingleThread& operator=(const SingleThread&) = delete;

 private:
  int before_;
};

// The cut of c: blocks of about 4 Mflop, at most 16, along the longer side in multiples of 16.
struct Cut {
  int64_t block;
  int64_t blocks;
  bool by_rows;
};

Cut cut_of(int64_t rows, int64_t cols, int64_t inner) {
  const double flop_per_block = 128.0 * static_cast<double>(parallel_grain());
  bool by_rows = rows >= cols;
  int64_t length = by_rows ? rows : cols;
  double flop =
      2.0 * static_cast<double>(rows) * static_cast<double>(cols) * static_cast<double>(inner);
  auto wanted = std::clamp<int64_t>(static_cast<int64_t>(flop / flop_per_block), 1, 16);
  int64_t block = ((length + wanted - 1) / wanted + 15) / 16 * 16;
  return {block, (length + block - 1) / block, by_rows};
}

}  // namespace

void gemm(const Matrix<const float>& a, Transpose transpose_a, const Matrix<const float>& b,
          Transpose transpose_b, const Matrix<float>& c, const Epilogue<float>& epilogue) {
  const bool ta = transpose_a == Transpose::yes;
  const bool tb = transpose_b == Transpose::yes;
  const int64_t inner = ta ? a.rows : a.cols;
  const Cut cut = cut_of(c.rows, c.cols, inner);
  std::exception_ptr failure;

  auto run_block = [&](int64_t index) {
    int64_t begin = index * cut.block;
    int64_t end = std::min(begin + cut.block, cut.by_rows ? c.rows : c.cols);
    int64_t rows = cut.by_rows ? end - begin : c.rows;
    int64_t cols = cut.by_rows ? c.cols : end - begin;
    const float* left = a.data;
    const float* right = b.data;
    const float* bias = epilogue.bias;
    float* out = c.data;
    if (cut.by_rows) {
      left += ta ? begin : begin * a.stride;
      out += begin * c.stride;
    } else {
      right += tb ? begin * b.stride : begin;
      out += begin;
      if (bias != nullptr) bias += begin;
    }
    SingleThread guard;
    thread_local dnnl::stream stream(cpu_engine());
    cached(
        {rows, cols, inner, a.stride, b.stride, c.stride, ta, tb, bias != nullptr, epilogue.relu})
        .run(stream, left, right, bias, out);
  };

#pragma omp parallel for schedule(static, 1) if (cut.blocks > 1 && !omp_in_parallel())
  for (int64_t index = 0; index < cut.blocks; ++index) {
    try {
      run_block(index);
    } catch (...) {
#pragma omp critical(ctr_gemm_failure)
      failure = std::current_exception();
    }
  }
  if (!failure) return;
  try {
    std::rethrow_exception(failure);
  } catch (const dnnl::error& error) {
    fail(ErrorKind::device, "gemm [{},{}] x [{},{}]: oneDNN failed with status {}: {}", c.rows,
         inner, inner, c.cols, static_cast<int>(error.status), error.what());
  }
}

}  // namespace ctr::onednn
