#include "engine/grouped_gemm.h"

#include <algorithm>

#include "engine/block_gemm.h"
#include "engine/check.h"
#include "engine/parallel.h"
#include "engine/profile.h"
#include "engine/thread_scratch.h"

namespace ctr {
namespace {

constexpr int64_t kChunkRows = 256;  // rows of a group that one packed factor serves
constexpr int64_t kTileRows = 32;    // of them, that stay in the cache meanwhile
constexpr int64_t kOuterRows = 32, kOuterCols = 128;  // blocks of a group's sum
constexpr int64_t kOuterChunk = 512;                  // rows that are added up together

void check_device(Device device) {
  if (device != Device::cpu)
    fail(ErrorKind::device, "grouped_gemm: this build has no products on device {}",
         name_of(device));
}

// Up to kBlockRows rows, wherever they lie.
template <class T>
struct ListedRows {
  const T* row[small::kBlockRows];
  T operator()(int r, int64_t k) const { return row[r][k]; }
};

// The columns of rows that lie one after another.
template <class T>
struct PackedColumns {
  const T* a;
  int64_t stride;
  T operator()(int r, int64_t k) const { return a[k * stride + r]; }
};

template <class T>
class RowProducts {
 public:
  RowProducts(const GroupedRows& groups, const Matrix<const T>& a, const GroupMatrices<const T>& b,
              bool transposed, const Matrix<T>& c, const Epilogue<T>& epilogue)
      : groups_(groups),
        a_(a),
        b_(b),
        transposed_(transposed),
        c_(c),
        epilogue_(epilogue),
        packed_(panels() * small::kBlockCols<T> * a.cols) {}

  // Chunks begin at every kChunkRows-th row of a group; this runs those that begin at the places
  // [from, to) of groups.rows.
  void run(int64_t from, int64_t to) const {
    const int64_t* begin = groups_.begin;
    int64_t g = std::upper_bound(begin, begin + groups_.groups + 1, from) - begin - 1;
    for (; g < groups_.groups && begin[g] < to; ++g) {
      const int64_t passed = std::max<int64_t>(0, from - begin[g]);
      int64_t at = begin[g] + (passed + kChunkRows - 1) / kChunkRows * kChunkRows;
      for (; at < std::min(to, begin[g + 1]); at += kChunkRows)
        chunk(g, groups_.rows + at, std::min(kChunkRows, begin[g + 1] - at));
    }
  }

 private:
  void chunk(int64_t g, const int64_t* rows, int64_t count) const {
    const Matrix<const T> b = b_.of(g);
    const T* bias = epilogue_.bias == nullptr ? nullptr : epilogue_.bias + g * c_.cols;
    if (count < small::kBlockRows) {
      for (int64_t i = 0; i < count; ++i) single(rows[i], b, bias);
      return;
    }
    constexpr int64_t kCols = small::kBlockCols<T>;
    const T* packed = pack(b);
    for (int64_t first = 0; first < count; first += kTileRows) {
      const int64_t last = std::min(count, first + kTileRows);
      for (int64_t col = 0; col < c_.cols; col += kCols) {
        for (int64_t i = first; i < last; i += small::kBlockRows)
          tile(rows + i, std::min<int64_t>(small::kBlockRows, last - i), packed + col * a_.cols,
               col, bias);
      }
    }
  }

  int64_t panels() const { return (c_.cols + small::kBlockCols<T> - 1) / small::kBlockCols<T>; }

  // op(b) as panels of kBlockCols columns, one after another.
  const T* pack(const Matrix<const T>& b) const {
    constexpr int64_t kCols = small::kBlockCols<T>;
    const int64_t inner = a_.cols;
    T* all = packed_.mine();
    for (int64_t panel = 0; panel < panels(); ++panel) {
      const int64_t col = panel * kCols;
      small::pack_columns(b, transposed_, col, std::min(kCols, c_.cols - col), inner,
                          all + col * inner);
    }
    return all;
  }

  void tile(const int64_t* rows, int64_t count, const T* panel, int64_t col, const T* bias) const {
    constexpr int64_t kCols = small::kBlockCols<T>;
    const int64_t cols = std::min(kCols, c_.cols - col);
    ListedRows<T> left;
    for (int64_t r = 0; r < count; ++r) left.row[r] = a_.data + rows[r] * a_.stride;
    T values[small::kBlockRows * kCols];
    small::block(count, left, panel, kCols, a_.cols, values, kCols);
    for (int64_t r = 0; r < count; ++r)
      finish(values + r * kCols, c_.data + rows[r] * c_.stride + col, cols,
             bias == nullptr ? nullptr : bias + col);
  }

  // c = epilogue(values)
  void finish(const T* values, T* c, int64_t cols, const T* bias) const {
    for (int64_t j = 0; j < cols; ++j) {
      T value = values[j];
      if (epilogue_.add) value += c[j];
      if (bias != nullptr) value += bias[j];
      c[j] = epilogue_.relu && !(value > T(0)) ? T(0) : value;
    }
  }

  void single(int64_t row, const Matrix<const T>& b, const T* bias) const {
    const T* left = a_.data + row * a_.stride;
    T* c = c_.data + row * c_.stride;
    if (!epilogue_.add) std::fill_n(c, c_.cols, T(0));
    for (int64_t j = 0; transposed_ && j < c_.cols; ++j) {
      const T* right = b.data + j * b.stride;
      T sum = T(0);
#pragma omp simd reduction(+ : sum)
      for (int64_t k = 0; k < a_.cols; ++k) sum += left[k] * right[k];
      c[j] += sum;
    }
    for (int64_t k = 0; !transposed_ && k < a_.cols; ++k) {
      const T* right = b.data + k * b.stride;
#pragma omp simd
      for (int64_t j = 0; j < c_.cols; ++j) c[j] += left[k] * right[j];
    }
    for (int64_t j = 0; bias != nullptr && j < c_.cols; ++j) c[j] += bias[j];
    for (int64_t j = 0; epilogue_.relu && j < c_.cols; ++j) c[j] = c[j] > T(0) ? c[j] : T(0);
  }

  const GroupedRows& groups_;
  Matrix<const T> a_;
  GroupMatrices<const T> b_;
  bool transposed_;
  Matrix<T> c_;
  Epilogue<T> epilogue_;
  ThreadScratch<T> packed_;
};

template <class T>
void row_products(Device device, const GroupedRows& groups, const Matrix<const T>& a,
                  const GroupMatrices<const T>& matrices, Transpose transpose_b, const Matrix<T>& c,
                  const Epilogue<T>& epilogue) {
  check_device(device);
  const bool tb = transpose_b == Transpose::yes;
  const Matrix<const T>& b = matrices.first;
  CTR_CHECK(a.rows == c.rows && groups.count() <= a.rows && a.cols == (tb ? b.cols : b.rows) &&
                c.cols == (tb ? b.rows : b.cols),
            "grouped_gemm: {} rows of [{},{}] by [{},{}]{} do not fit [{},{}]", groups.count(),
            a.rows, a.cols, b.rows, b.cols, tb ? " transposed" : "", c.rows, c.cols);
  const MeasuredProduct measured({groups.count(), c.cols, a.cols, 1, false, tb});
  const RowProducts<T> products(groups, a, matrices, tb, c, epilogue);
  parallel_rows(groups.count(), a.cols * c.cols,
                [&](int64_t from, int64_t to) { products.run(from, to); });
}

// What outer_chunk copies together: kOuterRows columns of a and kBlockCols of b.
template <class T>
struct OuterScratch {
  ThreadScratch<T> left{kOuterChunk * kOuterRows}, panel{kOuterChunk * small::kBlockCols<T>};
};

// A block of c_g = Σ a_rᵀ b_r: rows [i, i + rows) and columns [j, j + cols).
struct OuterBlock {
  int64_t group, i, rows, j, cols;
};

// The sum over the `count` rows listed, at least one; added to c with `add`.
template <class T>
void outer_chunk(const OuterBlock& block, const int64_t* listed, int64_t count,
                 const Matrix<const T>& a, const Matrix<const T>& b, const Matrix<T>& c, bool add,
                 const OuterScratch<T>& scratch) {
  constexpr int64_t kCols = small::kBlockCols<T>;
  T* left = scratch.left.mine();
  T* panel = scratch.panel.mine();
  for (int64_t k = 0; k < count; ++k)
    std::copy_n(a.data + listed[k] * a.stride + block.i, block.rows, left + k * kOuterRows);
  for (int64_t col = block.j; col < block.j + block.cols; col += kCols) {
    const int64_t width = std::min(kCols, block.j + block.cols - col);
    if (width < kCols) std::fill_n(panel, count * kCols, T(0));
    for (int64_t k = 0; k < count; ++k)
      std::copy_n(b.data + listed[k] * b.stride + col, width, panel + k * kCols);
    for (int64_t row = 0; row < block.rows; row += small::kBlockRows) {
      const int64_t height = std::min<int64_t>(small::kBlockRows, block.rows - row);
      T values[small::kBlockRows * kCols];
      small::block(height, PackedColumns<T>{left + row, kOuterRows}, panel, kCols, count, values,
                   kCols);
      for (int64_t r = 0; r < height; ++r) {
        T* out = c.data + (block.i + row + r) * c.stride + col;
        for (int64_t w = 0; w < width; ++w)
          out[w] = add ? out[w] + values[r * kCols + w] : values[r * kCols + w];
      }
    }
  }
}

template <class T>
void outer_block(const GroupedRows& groups, const OuterBlock& block, const Matrix<const T>& a,
                 const Matrix<const T>& b, const Matrix<T>& c, const OuterScratch<T>& scratch) {
  const int64_t begin = groups.begin[block.group], end = groups.begin[block.group + 1];
  for (int64_t row = block.i; begin == end && row < block.i + block.rows; ++row)
    std::fill_n(c.data + row * c.stride + block.j, block.cols, T(0));
  for (int64_t at = begin; at < end; at += kOuterChunk)
    outer_chunk(block, groups.rows + at, std::min(kOuterChunk, end - at), a, b, c, at > begin,
                scratch);
}

template <class T>
void outer_products(Device device, const GroupedRows& groups, const Matrix<const T>& a,
                    const Matrix<const T>& b, const GroupMatrices<T>& matrices) {
  check_device(device);
  const Matrix<T>& c = matrices.first;
  CTR_CHECK(a.rows == b.rows && groups.count() <= a.rows && c.rows == a.cols && c.cols == b.cols,
            "grouped_outer_gemm: {} rows of [{},{}] and [{},{}] do not fit [{},{}]", groups.count(),
            a.rows, a.cols, b.rows, b.cols, c.rows, c.cols);
  const MeasuredProduct measured({c.rows, c.cols, groups.count(), 1, true, false});
  const int64_t down = (c.rows + kOuterRows - 1) / kOuterRows;
  const int64_t across = (c.cols + kOuterCols - 1) / kOuterCols;
  const OuterScratch<T> scratch;
  parallel_tasks(
      groups.groups * down * across, groups.count() * c.rows * c.cols, [&](int64_t task) {
        const int64_t i = task / across % down * kOuterRows, j = task % across * kOuterCols;
        const OuterBlock block{task / (down * across), i, std::min(kOuterRows, c.rows - i), j,
                               std::min(kOuterCols, c.cols - j)};
        outer_block(groups, block, a, b, matrices.of(block.group), scratch);
      });
}

}  // namespace

void grouped_gemm(Device device, const GroupedRows& groups, Matrix<const float> a,
                  GroupMatrices<const float> b, Transpose transpose_b, Matrix<float> c,
                  const Epilogue<float>& epilogue) {
  row_products(device, groups, a, b, transpose_b, c, epilogue);
}

void grouped_gemm(Device device, const GroupedRows& groups, Matrix<const double> a,
                  GroupMatrices<const double> b, Transpose transpose_b, Matrix<double> c,
                  const Epilogue<double>& epilogue) {
  row_products(device, groups, a, b, transpose_b, c, epilogue);
}

void grouped_outer_gemm(Device device, const GroupedRows& groups, Matrix<const float> a,
                        Matrix<const float> b, GroupMatrices<float> c) {
  outer_products(device, groups, a, b, c);
}

void grouped_outer_gemm(Device device, const GroupedRows& groups, Matrix<const double> a,
                        Matrix<const double> b, GroupMatrices<double> c) {
  outer_products(device, groups, a, b, c);
}

}  // namespace ctr
