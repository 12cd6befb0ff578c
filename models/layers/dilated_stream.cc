#include "models/layers/dilated_stream.h"

#include <algorithm>
#include <cmath>

#include "engine/check.h"
#include "engine/parallel.h"
#include "engine/thread_scratch.h"
#include "ops/activation/activation_bodies.h"

namespace ctr {
namespace {

// Rows that go through the network together: their values stay in the caches beside the weights.
constexpr int64_t kRows = 32;
// Rows for which another thread pays: one costs some ten microseconds.
constexpr int64_t kRowsOfThread = 16;

// w [out, C, K] as [K C, out], packed.
template <class T>
PackedFactor packed(const Tensor& w, int64_t taps) {
  const int64_t out = w.dim(0), channels = w.count() / (out * taps), inner = taps * channels;
  Tensor by_tap({out, inner}, w.dtype());
  const T* from = w.data<T>();
  for (int64_t o = 0; o < out; ++o)
    for (int64_t c = 0; c < channels; ++c)
      for (int64_t j = 0; j < taps; ++j) by_tap.data<T>()[o * inner + j * channels + c] = *from++;
  return {Matrix<const T>{by_tap.data<T>(), out, inner, inner}, Transpose::yes};
}

// y = relu(γ (x − mean) / √(variance + ε) + β) of a row; y may be x.
template <class T>
void norm_relu(const T* x, const T* gamma, const T* beta, T epsilon, int64_t n, T* y) {
  T mean = T(0), variance = T(0);
#pragma omp simd reduction(+ : mean)
  for (int64_t i = 0; i < n; ++i) mean += x[i];
  mean /= static_cast<T>(n);
#pragma omp simd reduction(+ : variance)
  for (int64_t i = 0; i < n; ++i) variance += (x[i] - mean) * (x[i] - mean);
  const T scale = T(1) / std::sqrt(variance / static_cast<T>(n) + epsilon);
#pragma omp simd
  for (int64_t i = 0; i < n; ++i)
    y[i] = ReluCurve::value(gamma[i] * ((x[i] - mean) * scale) + beta[i]);
}

template <class T>
void activate(Activation activation, int64_t n, T* y) {
  if (activation != Activation::gelu_tanh) return;
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) y[i] = GeluTanhCurve::value(y[i]);
}

}  // namespace

// Some rows of a step: their users.
struct DilatedStream::Rows {
  const int64_t* users;
  int64_t count;
  Keep keep;
};

DilatedStream::DilatedStream(const DilatedNet& net, int64_t users) : net_(net), plan_(net.plan()) {
  CTR_CHECK(users >= 1, "stream: of {} users; there must be one at least", users);
  int64_t all = 0;
  for (const PlaceStep& step : plan_.steps()) {
    ring_.push_back(all);
    if (step.kind != PlaceStep::Kind::product) continue;
    CTR_ASSERT(step.activation == Activation::identity || step.activation == Activation::gelu_tanh);
    const int64_t channels = step.weight->value.count() / (step.width * step.taps);
    all += (step.taps - 1) * step.dilation * channels;
    if (step.taps > 1) beside_ = std::max(beside_, step.taps * channels);
  }
  rings_ = Tensor::zeros({users, all}, net.dtype());
  places_.assign(static_cast<size_t>(users), 0);
  seen_.assign(static_cast<size_t>(users), false);
}

void DilatedStream::check_users(std::span<const int64_t> users) {
  for (int64_t user : users)
    CTR_CHECK(user >= 0 && user < this->users(), "stream: user {} is outside the stream's {} users",
              user, this->users());
  int64_t twice = -1;
  for (int64_t user : users) {
    if (seen_[static_cast<size_t>(user)]) twice = user;
    seen_[static_cast<size_t>(user)] = true;
  }
  for (int64_t user : users) seen_[static_cast<size_t>(user)] = false;
  CTR_CHECK(twice < 0, "stream: user {} stands twice in one call; a step takes one place of each",
            twice);
}

void DilatedStream::forget(int64_t user) {
  visit_float(rings_.dtype(), "stream", [&](auto zero) {
    std::fill_n(rings_.data<decltype(zero)>() + user * rings_.dim(1), rings_.dim(1), zero);
  });
  places_[static_cast<size_t>(user)] = 0;
}

void DilatedStream::copy(int64_t from, int64_t to) {
  visit_float(rings_.dtype(), "stream", [&](auto zero) {
    auto* all = rings_.data<decltype(zero)>();
    std::copy_n(all + from * rings_.dim(1), rings_.dim(1), all + to * rings_.dim(1));
  });
  places_[static_cast<size_t>(to)] = places_[static_cast<size_t>(from)];
}

void DilatedStream::refresh() {
  if (!weights_.empty() && version_ == net_.mode().weights_version) return;
  weights_.clear();
  version_ = net_.mode().weights_version;
  for (const PlaceStep& step : plan_.steps()) {
    Weights& own = weights_.emplace_back();
    if (step.kind == PlaceStep::Kind::sum) continue;
    own.bias = step.bias->value;
    if (step.kind == PlaceStep::Kind::norm_relu) {
      own.scale = step.weight->value;
      continue;
    }
    visit_float(rings_.dtype(), "stream", [&](auto zero) {
      own.factor = packed<decltype(zero)>(step.weight->value, step.taps);
    });
  }
}

Tensor DilatedStream::step(std::span<const int64_t> users, const Tensor& x, Keep keep) {
  check_users(users);
  const auto count = static_cast<int64_t>(users.size());
  CTR_CHECK(
      x.rank() == 2 && x.dim(0) == count && x.dim(1) == plan_.in() && x.dtype() == rings_.dtype(),
      "stream: the places of {} users must be {} [{},{}], got {} {}", count, rings_.dtype(), count,
      plan_.in(), x.dtype(), x.shape());
  refresh();
  const AllocatorScope own(memory_);
  Tensor h({count, plan_.out()}, x.dtype());
  visit_float(x.dtype(), "stream", [&](auto zero) {
    using T = decltype(zero);
    const int64_t width = plan_.widest();
    const ThreadScratch<T> scratch(kRows * (plan_.slots() * width + beside_));
    parallel_for(count, kRowsOfThread, [&](int64_t begin, int64_t end) {
      for (int64_t first = begin; first < end; first += kRows)
        run({users.data() + first, std::min(kRows, end - first), keep},
            x.data<T>() + first * plan_.in(), h.data<T>() + first * plan_.out(), scratch.mine());
    });
  });
  return h;
}

template <class T>
void DilatedStream::run(const Rows& rows, const T* x, T* h, T* scratch) {
  const int64_t size = kRows * plan_.widest();  // of a slot
  T* beside = scratch + plan_.slots() * size;
  std::copy_n(x, rows.count * plan_.in(), scratch);
  for (size_t s = 0; s < plan_.steps().size(); ++s) {
    const PlaceStep& step = plan_.steps()[s];
    const T* from = scratch + step.x * size;
    T* y = scratch + step.y * size;
    const int64_t n = rows.count * step.width;
    if (step.kind == PlaceStep::Kind::product) {
      product(rows, s, from, beside, y);
      activate(step.activation, n, y);
    } else if (step.kind == PlaceStep::Kind::norm_relu) {
      for (int64_t i = 0; i < n; i += step.width)
        norm_relu(from + i, weights_[s].scale.data<T>(), weights_[s].bias.data<T>(),
                  static_cast<T>(step.epsilon), step.width, y + i);
    } else {
      const T* other = scratch + step.other * size;
#pragma omp simd
      for (int64_t i = 0; i < n; ++i) y[i] = from[i] + other[i];
    }
  }
  std::copy_n(scratch + plan_.result() * size, rows.count * plan_.out(), h);
  for (int64_t r = 0; rows.keep == Keep::yes && r < rows.count; ++r)
    ++places_[static_cast<size_t>(rows.users[r])];
}

// With several taps, from what they see side by side, [rows, K C]: tap j looks (K − 1 − j) D places
// back. The new row then takes the place of the oldest in the ring.
template <class T>
void DilatedStream::product(const Rows& rows, size_t number, const T* x, T* beside, T* y) {
  const PlaceStep& step = plan_.steps()[number];
  const Weights& own = weights_[number];
  const int64_t inner = own.factor.inner(), channels = inner / step.taps;
  const int64_t length = (step.taps - 1) * step.dilation;  // of the ring
  for (int64_t r = 0; step.taps > 1 && r < rows.count; ++r) {
    const int64_t user = rows.users[r], now = places_[static_cast<size_t>(user)] % length;
    T* ring = rings_.data<T>() + user * rings_.dim(1) + ring_[number];
    T* to = beside + r * inner;
    for (int64_t j = 0; j + 1 < step.taps; ++j, to += channels)
      std::copy_n(ring + (now + j * step.dilation) % length * channels, channels, to);
    std::copy_n(x + r * channels, channels, to);
    if (rows.keep == Keep::yes) std::copy_n(x + r * channels, channels, ring + now * channels);
  }
  own.factor.multiply({step.taps > 1 ? beside : x, rows.count, inner, inner}, own.bias.data<T>(),
                      Matrix<T>{y, rows.count, step.width, step.width});
}

}  // namespace ctr
