#include "engine/check.h"
#include "ops/elementwise/elementwise.h"
#include "ops/fields/cin_bodies.h"
#include "ops/fields/field_mixing.h"
#include "ops/fields/field_tiles.h"
#include "ops/registry.h"

namespace ctr {
namespace {

// The operands of one tile, in the scratch memory of a thread.
template <class T>
struct Tile {
  int64_t fields, maps, out, columns, stride;
  T* x0 = nullptr;  // [F, N]
  T* x = nullptr;   // [M, N]
  T* y = nullptr;   // [O, N]: y or dy
  T* z = nullptr;   // [F M, N]: z or dz
  T* dx = nullptr;  // [max(F, M), N]

  static int64_t rows(int64_t fields, int64_t maps, int64_t out) {
    return fields + maps + out + fields * maps + std::max(fields, maps);
  }

  Matrix<const T> z_matrix() const { return {z, fields * maps, columns, stride}; }
  Matrix<const T> y_matrix() const { return {y, out, columns, stride}; }

  void make_products(Device device) const {
    for_each_2d(device, fields * maps, columns, CinProducts<T>{x0, x, z, maps, stride});
  }
};

// One call: x0 [B, F, D], x [B, M, D], W [O, F M].
class Cin {
 public:
  Cin(const Tensor& x0, const Tensor& x, const Tensor& weight)
      : x0_(x0), x_(x), weight_(weight), tiles_(x.dim(0), x.dim(2)) {}

  template <class T>
  void forward(const Tensor& bias, Tensor& y) const {
    const ThreadScratch<T> scratch = this->scratch<T>();
    const MeasuredProduct measured(tiles_.product(weight_.dim(0), weight_.dim(1)));
    tiles_.each(work(), [&](int64_t, int64_t first, int64_t samples) {
      const Tile<T> tile = load<T>(scratch, first, samples);
      tile.make_products(x_.device());
      gemm(x_.device(), weight_matrix<T>(), Transpose::no, tile.z_matrix(), Transpose::no,
           Matrix<T>{tile.y, tile.out, tile.columns, tile.stride});
      store_tile(tile.y, tile.stride, bias.defined() ? bias.data<T>() : nullptr, first, samples, y);
    });
  }

  // Those of dx0, dx and dw that are defined.
  template <class T>
  void backward(const Tensor& dy, Tensor& dx0, Tensor& dx, Tensor& dw) const {
    const bool to_inputs = dx0.defined() || dx.defined();
    const ThreadScratch<T> scratch = this->scratch<T>();
    const int64_t count = dw.defined() ? dw.count() : 0;
    Tensor sums = Tensor::zeros({std::max<int64_t>(1, tiles_.chunks()), count}, dy.dtype());
    const ThreadScratch<T> parts(count);
    Product products = tiles_.product(weight_.dim(1), weight_.dim(0));
    products.repeats *= to_inputs + dw.defined();
    const MeasuredProduct measured(products);
    tiles_.each(2 * work(), [&](int64_t chunk, int64_t first, int64_t samples) {
      const Tile<T> tile = load<T>(scratch, first, samples);
      load_tile(dy, first, samples, tile.stride, tile.y);
      if (dw.defined()) {  // dW = Σ dy zᵀ
        tile.make_products(dy.device());
        T* part = parts.mine();
        gemm(dy.device(), tile.y_matrix(), Transpose::no, tile.z_matrix(), Transpose::yes,
             Matrix<T>{part, weight_.dim(0), weight_.dim(1), weight_.dim(1)});
        add_part(dy.device(), part, tiles_.begins_chunk(first), count,
                 sums.data<T>() + chunk * count);
      }
      if (to_inputs) backward_inputs(tile, first, samples, dx0, dx);
    });
    if (dw.defined()) dw = column_sum(sums, dw.count()).reshaped(dw.shape());
  }

 private:
  int64_t work() const { return weight_.count() * x_.dim(2); }

  template <class T>
  Matrix<const T> weight_matrix() const {
    return {weight_.data<T>(), weight_.dim(0), weight_.dim(1), weight_.dim(1)};
  }
  template <class T>
  ThreadScratch<T> scratch() const {
    return tiles_.scratch<T>(Tile<T>::rows(x0_.dim(1), x_.dim(1), weight_.dim(0)));
  }

  template <class T>
  Tile<T> load(const ThreadScratch<T>& scratch, int64_t first, int64_t samples) const {
    Tile<T> tile{x0_.dim(1), x_.dim(1), weight_.dim(0), samples * x_.dim(2), tiles_.stride()};
    tile.x0 = scratch.mine();
    tile.x = tile.x0 + tile.fields * tile.stride;
    tile.y = tile.x + tile.maps * tile.stride;
    tile.z = tile.y + tile.out * tile.stride;
    tile.dx = tile.z + tile.fields * tile.maps * tile.stride;
    load_tile(x0_, first, samples, tile.stride, tile.x0);
    load_tile(x_, first, samples, tile.stride, tile.x);
    return tile;
  }

  // dz = Wᵀ dy in the place of z, and from it dx0 and dx.
  template <class T>
  void backward_inputs(const Tile<T>& tile, int64_t first, int64_t samples, Tensor& dx0,
                       Tensor& dx) const {
    const Device device = x_.device();
    const int64_t blocks = (tile.columns + kCinLanes - 1) / kCinLanes;
    gemm(device, weight_matrix<T>(), Transpose::yes, tile.y_matrix(), Transpose::no,
         Matrix<T>{tile.z, tile.fields * tile.maps, tile.columns, tile.stride});
    if (dx0.defined()) {
      for_each_2d(
          device, tile.fields, blocks,
          CinProductsBackward<T>{tile.z, tile.x, tile.dx, tile.maps, tile.maps, 1, tile.stride});
      store_tile<T>(tile.dx, tile.stride, nullptr, first, samples, dx0);
    }
    if (!dx.defined()) return;
    for_each_2d(
        device, tile.maps, blocks,
        CinProductsBackward<T>{tile.z, tile.x0, tile.dx, tile.fields, 1, tile.maps, tile.stride});
    store_tile<T>(tile.dx, tile.stride, nullptr, first, samples, dx);
  }

  const Tensor& x0_;
  const Tensor& x_;
  const Tensor& weight_;
  FieldTiles tiles_;
};

}  // namespace

Var cin_layer(const Var& x0, const Var& x, const Var& weight, const Var& bias) {
  CTR_CHECK(x0.rank() == 3 && x.rank() == 3 && x0.dim(0) == x.dim(0) && x0.dim(2) == x.dim(2) &&
                x0.dtype() == x.dtype() && weight.rank() == 2 && weight.dtype() == x.dtype() &&
                weight.dim(1) == x0.dim(1) * x.dim(1),
            "cin_layer: x0 {} {}, x {} {} and W {} {} must be [B, F, D], [B, M, D] and [O, F M]",
            x0.dtype(), x0.shape(), x.dtype(), x.shape(), weight.dtype(), weight.shape());
  CTR_CHECK(
      !bias.defined() || (bias.value().count() == weight.dim(0) && bias.dtype() == weight.dtype()),
      "cin_layer: the bias must hold one {} number for each of the {} rows of W", weight.dtype(),
      weight.dim(0));
  Tensor y({x.dim(0), weight.dim(0), x.dim(2)}, x.dtype(), x.device());
  const Tensor shift = bias.defined() ? bias.value() : Tensor();
  visit_float(x.dtype(), "cin_layer", [&](auto zero) {
    Cin(x0.value(), x.value(), weight.value()).forward<decltype(zero)>(shift, y);
  });
  auto backward = [first = x0.value(), last = x.value(), w = weight.value()](const Tensor& dy,
                                                                             GradientSink& sink) {
    auto wanted = [&](int input, const Tensor& like) {
      return sink.needs(input) ? Tensor(like.shape(), like.dtype(), like.device()) : Tensor();
    };
    Tensor dx0 = wanted(0, first), dx = wanted(1, last), dw = wanted(2, w);
    visit_float(dy.dtype(), "cin_layer",
                [&](auto zero) { Cin(first, last, w).backward<decltype(zero)>(dy, dx0, dx, dw); });
    if (dx0.defined()) sink.put(0, dx0);
    if (dx.defined()) sink.put(1, dx);
    if (dw.defined()) sink.put(2, dw);
    if (sink.needs(3)) sink.put(3, field_sums(dy));
  };
  return record("cin_layer", y, {x0, x, weight, bias}, backward);
}

OpInfo op_cin_layer() {
  return {.name = "cin_layer",
          .formula = "y_o = sum_{h,m} W_{o,(h,m)} x0_h x_m + b_o",
          .inputs = {"x0", "x", "w", "b?"},
          .constants = {},
          .call =
              [](const OpArguments& a) {
                return std::vector<Var>{cin_layer(a.inputs[0], a.inputs[1], a.inputs[2],
                                                  a.inputs.size() > 3 ? a.inputs[3] : Var())};
              },
          .cases = {{"odd sizes", {{5, 3, 7}, {5, 2, 7}, {4, 6}, {4}}},
                    {"no bias", {{3, 2, 4}, {3, 3, 4}, {2, 6}}},
                    {"one row", {{1, 1, 1}, {1, 2, 1}, {1, 2}, {1}}},
                    {"several chunks", {{5, 2, 200}, {5, 1, 200}, {3, 2}, {3}}},
                    {"several tiles of a chunk", {{25, 2, 193}, {25, 1, 193}, {1, 2}, {1}}},
                    {"empty", {{0, 3, 4}, {0, 2, 4}, {2, 6}, {2}}}},
          .refused = {{"weight",
                       {{5, 3, 7}, {5, 2, 7}, {4, 5}},
                       {},
                       {},
                       "cin_layer: x0 f64 [5,3,7], x f64 [5,2,7] and W f64 [4,5]"},
                      {"bias",
                       {{5, 3, 7}, {5, 2, 7}, {4, 6}, {3}},
                       {},
                       {},
                       "cin_layer: the bias must hold one f64 number for each of the 4 rows"}},
          .devices = {Device::cpu}};
}

}  // namespace ctr
