#include "engine/onednn/gemm.h"

#include <algorithm>
#include <array>
#include <memory>

#include "engine/check.h"
#include "engine/onednn/gemm_cut.h"
#include "engine/onednn/packed_gemm.h"
#include "engine/onednn/primitive.h"

namespace ctr::onednn {
namespace {

using dnnl::memory;

// All that the machine code of one product depends on.
struct Key {
  int64_t rows, cols, inner;
  int64_t stride_a, stride_b, stride_c;
  bool transpose_a, transpose_b, bias, relu, add;

  bool operator==(const Key&) const = default;
};

struct KeyHash {
  size_t operator()(const Key& key) const {
    return hash_of({key.rows, key.cols, key.inner, key.stride_a, key.stride_b, key.stride_c,
                    int64_t{key.transpose_a} | int64_t{key.transpose_b} << 1 |
                        int64_t{key.bias} << 2 | int64_t{key.relu} << 3 | int64_t{key.add} << 4});
  }
};

memory::desc plain(int64_t rows, int64_t cols, int64_t stride, bool transposed) {
  memory::dims strides = transposed ? memory::dims{1, stride} : memory::dims{stride, 1};
  return memory::desc({rows, cols}, memory::data_type::f32, strides);
}

// One product of one thread.
std::unique_ptr<SharedPrimitive> make_product(const Key& key) {
  const memory::desc a = plain(key.rows, key.inner, key.stride_a, key.transpose_a);
  const memory::desc b = plain(key.inner, key.cols, key.stride_b, key.transpose_b);
  const memory::desc c = plain(key.rows, key.cols, key.stride_c, false);
  const memory::desc bias = key.bias ? plain(1, key.cols, key.cols, false) : memory::desc();
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  attributes.set_post_ops(post_ops(key.add, key.relu));
  const SingleThread guard;
#if DNNL_VERSION_MAJOR >= 3
  const dnnl::matmul::primitive_desc primitive(cpu_engine(), a, b, bias, c, attributes);
#else
  const dnnl::matmul::primitive_desc primitive(dnnl::matmul::desc(a, b, bias, c), attributes,
                                               cpu_engine());
#endif
  std::vector<SharedPrimitive::Argument> arguments = {
      {DNNL_ARG_SRC, a}, {DNNL_ARG_WEIGHTS, b}, {DNNL_ARG_DST, c}};
  if (key.bias) arguments.push_back({DNNL_ARG_BIAS, bias});
  return std::make_unique<SharedPrimitive>(dnnl::matmul(primitive), std::move(arguments),
                                           primitive.scratchpad_desc());
}

// Products that this thread starts.
class Cache {
 public:
  // References end here.
  void trim() {
    if (products_.size() > kMostCached) products_.clear();
  }
  SharedPrimitive& find(const Key& key) {
    std::unique_ptr<SharedPrimitive>& product = products_[key];
    if (!product) product = make_product(key);
    return *product;
  }
  static Cache& of_thread() {
    thread_local Cache cache;
    return cache;
  }

 private:
  std::unordered_map<Key, std::unique_ptr<SharedPrimitive>, KeyHash> products_;
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
    return {rows,
            cols,
            inner,
            stride_a,
            b.stride,
            c.stride,
            ta,
            tb,
            epilogue.bias != nullptr,
            epilogue.relu,
            epilogue.add};
  }
  int64_t rows_of(int64_t down_index) const {
    return std::min(cut.rows, c.rows - down_index * cut.rows);
  }
  int64_t cols_of(int64_t across_index) const {
    return std::min(cut.cols, c.cols - across_index * cut.cols);
  }
  int64_t stride_a(int64_t rows) const { return copies_a ? (rows + 31) / 32 * 32 + 16 : a.stride; }

  // The product of a block; found before threads part, so that they only run it.
  SharedPrimitive& product(int64_t i, int64_t j) const {
    const int64_t rows = rows_of(i);
    return Cache::of_thread().find(key(rows, cols_of(j), stride_a(rows)));
  }

  void run(int64_t i, int64_t j, SharedPrimitive& product) const {
    const int64_t row = i * cut.rows, col = j * cut.cols;
    const float* left = a.data + (ta ? row : row * a.stride);
    if (copies_a) left = copied_columns(a, row, row + rows_of(i)).data;
    product.run({{DNNL_ARG_SRC, left},
                 {DNNL_ARG_WEIGHTS, b.data + (tb ? col * b.stride : col)},
                 {DNNL_ARG_BIAS, epilogue.bias == nullptr ? nullptr : epilogue.bias + col},
                 {DNNL_ARG_DST, c.data + row * c.stride + col}});
  }
};

void run(const Call& call) {
  const int64_t across = call.across(), blocks = call.down() * across;
  constexpr int64_t kMostBlocks = 12;
  std::array<SharedPrimitive*, kMostBlocks> products{};
  CTR_ASSERT(blocks <= kMostBlocks);
  Cache::of_thread().trim();
  for (int64_t block = 0; block < blocks; ++block) {
    SharedPrimitive& product = call.product(block / across, block % across);
    product.prepare(block_threads());
    products[static_cast<size_t>(block)] = &product;
  }
  run_blocks(blocks, [&](int64_t block) {
    call.run(block / across, block % across, *products[static_cast<size_t>(block)]);
  });
}

template <class F>
void guarded(const Matrix<float>& c, int64_t inner, const F& f) {
  try {
    f();
  } catch (const dnnl::error& error) {
    fail(ErrorKind::device, "gemm [{},{}] x [{},{}]: oneDNN failed with status {}: {}", c.rows,
         inner, inner, c.cols, static_cast<int>(error.status), error.what());
  }
}

}  // namespace

void gemm(const Matrix<const float>& a, Transpose transpose_a, const Matrix<const float>& b,
          Transpose transpose_b, const Matrix<float>& c, const Epilogue<float>& epilogue) {
  const bool ta = transpose_a == Transpose::yes, tb = transpose_b == Transpose::yes;
  const int64_t inner = ta ? a.rows : a.cols;
  const bool copies = walks_badly(a, ta);
  guarded(c, inner, [&] {
    if (!ta && packed_gemm(a, b, transpose_b, c, epilogue)) return;
    run({a, b, c, epilogue, ta, tb, copies, inner, cut_of(c.rows, c.cols, inner, copies)});
  });
}

void gemm_here(const Matrix<const float>& a, Transpose transpose_a, const Matrix<const float>& b,
               Transpose transpose_b, const Matrix<float>& c, const Epilogue<float>& epilogue) {
  const bool ta = transpose_a == Transpose::yes, tb = transpose_b == Transpose::yes;
  const int64_t inner = ta ? a.rows : a.cols;
  guarded(c, inner, [&] {
    run({a, b, c, epilogue, ta, tb, walks_badly(a, ta), inner, {c.rows, c.cols}});
  });
}

}  // namespace ctr::onednn
