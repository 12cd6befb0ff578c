#include "engine/onednn/gemm.h"

#include <omp.h>

#include <algorithm>
#include <array>
#include <deque>
#include <exception>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include <oneapi/dnnl/dnnl.hpp>

#include "engine/check.h"
#include "engine/onednn/gemm_cut.h"

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

// One product of one thread: the primitive, which threads share, and what each of them needs to run
// it.
class Product {
 public:
  explicit Product(const Key& key)
      : a_(plain(key.rows, key.inner, key.stride_a, key.transpose_a)),
        b_(plain(key.inner, key.cols, key.stride_b, key.transpose_b)),
        c_(plain(key.rows, key.cols, key.stride_c, false)),
        bias_(key.bias ? plain(1, key.cols, key.cols, false) : memory::desc()) {
    auto primitive = describe(key.relu);
    scratch_ = primitive.scratchpad_desc();
    matmul_ = dnnl::matmul(primitive);
  }

  // Makes room for this many threads.
  void prepare(int threads) {
    while (arguments_.size() < static_cast<size_t>(threads)) {
      Arguments& arguments = arguments_.emplace_back();
      for (auto& [name, desc] : {std::pair{DNNL_ARG_SRC, &a_},
                                 {DNNL_ARG_WEIGHTS, &b_},
                                 {DNNL_ARG_DST, &c_},
                                 {DNNL_ARG_BIAS, &bias_}}) {
        if (!desc->is_zero()) arguments.emplace(name, memory(*desc, cpu_engine(), nullptr));
      }
      arguments.emplace(DNNL_ARG_SCRATCHPAD, memory(scratch_, cpu_engine()));
    }
  }

  void run(int thread, dnnl::stream& stream, const float* a, const float* b, const float* bias,
           float* c) {
    Arguments& arguments = arguments_[static_cast<size_t>(thread)];
    arguments.at(DNNL_ARG_SRC).set_data_handle(const_cast<float*>(a));
    arguments.at(DNNL_ARG_WEIGHTS).set_data_handle(const_cast<float*>(b));
    arguments.at(DNNL_ARG_DST).set_data_handle(c);
    if (bias != nullptr) arguments.at(DNNL_ARG_BIAS).set_data_handle(const_cast<float*>(bias));
    matmul_.execute(stream, arguments);
  }

 private:
  using Arguments = std::unordered_map<int, memory>;

  dnnl::matmul::primitive_desc describe(bool relu) const {
    dnnl::primitive_attr attributes;
    attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    dnnl::post_ops after;
#if DNNL_VERSION_MAJOR >= 3
    if (relu) after.append_eltwise(dnnl::algorithm::eltwise_relu, 0.f, 0.f);
    attributes.set_post_ops(after);
    return dnnl::matmul::primitive_desc(cpu_engine(), a_, b_, bias_, c_, attributes);
#else
    if (relu) after.append_eltwise(1.f, dnnl::algorithm::eltwise_relu, 0.f, 0.f);
    attributes.set_post_ops(after);
    return {dnnl::matmul::desc(a_, b_, bias_, c_), attributes, cpu_engine()};
#endif
  }

  memory::desc a_, b_, c_, bias_, scratch_;
  dnnl::matmul matmul_;
  std::deque<Arguments> arguments_;  // by thread
};

// Products that this thread starts.
class Cache {
 public:
  // Shapes of a training run are few; this only bounds odd uses. References end here.
  void trim() {
    constexpr size_t kMost = 4096;
    if (products_.size() > kMost) products_.clear();
  }
  Product& find(const Key& key) {
    std::unique_ptr<Product>& product = products_[key];
    if (!product) product = std::make_unique<Product>(key);
    return *product;
  }
  static Cache& of_thread() {
    thread_local Cache cache;
    return cache;
  }

 private:
  std::unordered_map<Key, std::unique_ptr<Product>, KeyHash> products_;
};

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

// Columns [begin, end) of `a`, copied to rows of a length that is no power of two: a column walk
// over such a stride meets the same few cache sets again and again, at half the speed.
Matrix<const float> copied_columns(const Matrix<const float>& a, int64_t begin, int64_t end) {
  thread_local std::vector<float> copy;
  const int64_t cols = end - begin, stride = (cols + 31) / 32 * 32 + 16;
  copy.resize(std::max(copy.size(), static_cast<size_t>(a.rows * stride)));
  for (int64_t row = 0; row < a.rows; ++row)
    std::copy_n(a.data + row * a.stride + begin, cols, copy.data() + row * stride);
  return {copy.data(), a.rows, cols, stride};
}

bool walks_badly(const Matrix<const float>& a, bool transposed) {
  return transposed && a.stride % 512 == 0 && a.rows >= 256;
}

// One call of gemm(): its factors, and how it is cut.
struct Call {
  Matrix<const float> a, b;
  Matrix<float> c;
  Epilogue<float> epilogue;
  bool ta, tb, copies_a;
  int64_t inner;
  Cut cut;

  int64_t down() const { return cut.down(c.rows); }
  int64_t across() const { return cut.across(c.cols); }

  Key key(int64_t rows, int64_t cols, int64_t stride_a) const {
    return {
        rows,         cols, inner, stride_a, b.stride, c.stride, ta, tb, epilogue.bias != nullptr,
        epilogue.relu};
  }
  int64_t rows_of(int64_t down_index) const {
    return std::min(cut.rows, c.rows - down_index * cut.rows);
  }
  int64_t cols_of(int64_t across_index) const {
    return std::min(cut.cols, c.cols - across_index * cut.cols);
  }
  int64_t stride_a(int64_t rows) const { return copies_a ? (rows + 31) / 32 * 32 + 16 : a.stride; }

  // The product of a block; found before threads part, so that they only run it.
  Product& product(int64_t i, int64_t j) const {
    const int64_t rows = rows_of(i);
    return Cache::of_thread().find(key(rows, cols_of(j), stride_a(rows)));
  }

  void run(int64_t i, int64_t j, Product& product) const {
    const int64_t row = i * cut.rows, col = j * cut.cols;
    const float* left = a.data + (ta ? row : row * a.stride);
    if (copies_a) left = copied_columns(a, row, row + rows_of(i)).data;
    const float* right = b.data + (tb ? col * b.stride : col);
    const float* bias = epilogue.bias == nullptr ? nullptr : epilogue.bias + col;
    const SingleThread guard;
    thread_local dnnl::stream stream(cpu_engine());
    product.run(omp_get_thread_num(), stream, left, right, bias, c.data + row * c.stride + col);
  }
};

void run_blocks(const Call& call) {
  const int64_t across = call.across(), blocks = call.down() * across;
  const int threads = omp_in_parallel() ? 1 : omp_get_max_threads();
  constexpr int64_t kMostBlocks = 12;
  std::array<Product*, kMostBlocks> products{};
  CTR_ASSERT(blocks <= kMostBlocks);
  Cache::of_thread().trim();
  for (int64_t block = 0; block < blocks; ++block) {
    Product& product = call.product(block / across, block % across);
    product.prepare(threads);
    products[static_cast<size_t>(block)] = &product;
  }
  std::exception_ptr failure;
#pragma omp parallel for schedule(dynamic, 1) if (blocks > 1 && threads > 1)
  for (int64_t block = 0; block < blocks; ++block) {
    try {
      call.run(block / across, block % across, *products[static_cast<size_t>(block)]);
    } catch (...) {
#pragma omp critical(ctr_gemm_failure)
      failure = std::current_exception();
    }
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace

void gemm(const Matrix<const float>& a, Transpose transpose_a, const Matrix<const float>& b,
          Transpose transpose_b, const Matrix<float>& c, const Epilogue<float>& epilogue) {
  const bool ta = transpose_a == Transpose::yes, tb = transpose_b == Transpose::yes;
  const int64_t inner = ta ? a.rows : a.cols;
  const bool copies = walks_badly(a, ta);
  try {
    run_blocks({a, b, c, epilogue, ta, tb, copies, inner, cut_of(c.rows, c.cols, inner, copies)});
  } catch (const dnnl::error& error) {
    fail(ErrorKind::device, "gemm [{},{}] x [{},{}]: oneDNN failed with status {}: {}", c.rows,
         inner, inner, c.cols, static_cast<int>(error.status), error.what());
  }
}

}  // namespace ctr::onednn
