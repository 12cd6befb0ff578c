// All ways of a convolution in f32 against textbook loops in f64.

#include "engine/conv1d.h"

#include <omp.h>

#include <array>
#include <cmath>
#include <cstring>
#include <vector>

#include <gtest/gtest.h>

#include "engine/conv1d_rows.h"
#include "engine/conv1d_winograd.h"
#include "engine/onednn/conv1d.h"
#include "engine/parallel.h"
#include "engine/rng.h"
#include "engine/tensor.h"

namespace ctr {
namespace {

Tensor random_tensor(int64_t count, uint64_t stream) {
  Tensor result({count}, DType::f32);
  const RandomStream random{7, stream, 0};
  for (int64_t i = 0; i < count; ++i)
    result.data<float>()[i] = static_cast<float>(random.normal(static_cast<uint64_t>(i)));
  return result;
}

struct Results {
  Tensor y, dx, dw;
};

// What a way makes of the same numbers; outputs are filled with NaN before.
template <class T, class Forward, class Data, class Weight>
Results run(const Conv1d& c, Forward forward, Data data, Weight weight) {
  const DType dtype = dtype_of<T>();
  const Tensor x = random_tensor(c.rows() * c.in, 1).cast(dtype);
  const Tensor w = random_tensor(c.out * c.in * c.taps, 2).cast(dtype);
  const Tensor bias = random_tensor(c.out, 3).cast(dtype);
  const Tensor dy = random_tensor(c.rows_out() * c.out, 4).cast(dtype);
  Results r{Tensor::full({c.rows_out() * c.out}, dtype, NAN),
            Tensor::full({c.rows() * c.in}, dtype, NAN), Tensor::full(w.shape(), dtype, NAN)};
  forward(c, x.data<T>(), w.data<T>(), bias.data<T>(), r.y.template data<T>());
  data(c, dy.data<T>(), w.data<T>(), r.dx.template data<T>());
  weight(c, x.data<T>(), dy.data<T>(), r.dw.template data<T>());
  return r;
}

Results by_rows(const Conv1d& c) {
  return run<float>(c, rows::conv1d_forward, rows::conv1d_data, rows::conv1d_weight);
}
Results by_library(const Conv1d& c) {
  return run<float>(c, onednn::conv1d_forward, onednn::conv1d_data, onednn::conv1d_weight);
}
Results by_winograd(const Conv1d& c) {
  return run<float>(c, winograd::conv1d_forward, winograd::conv1d_data, winograd::conv1d_weight);
}
Results textbook(const Conv1d& c) {
  return run<double>(
      c, [](const Conv1d& s, auto... p) { conv1d_forward(Device::cpu, s, p...); },
      [](const Conv1d& s, auto... p) { conv1d_data(Device::cpu, s, p...); },
      [](const Conv1d& s, auto... p) { conv1d_weight(Device::cpu, s, p...); });
}

void expect_near(const Tensor& found, const Tensor& expected, double terms, const char* what) {
  const double allowed = 1e-5 * std::sqrt(terms);
  double worst = 0;
  for (int64_t i = 0; i < found.count(); ++i) {
    const double error = std::abs(found.data<float>()[i] - expected.data<double>()[i]);
    worst = std::isnan(error) ? INFINITY : std::max(worst, error);
  }
  EXPECT_LT(worst, allowed) << what;
}

void expect_near(const Results& found, const Results& expected, const Conv1d& c) {
  const auto of = [](int64_t n) { return static_cast<double>(n); };
  expect_near(found.y, expected.y, of(c.in * c.taps), "forward");
  expect_near(found.dx, expected.dx, of(c.out * c.taps), "data");
  expect_near(found.dw, expected.dw, of(c.rows()), "weight");
}

// Dilations and lengths of PeterRec's network, and lengths shorter than what a tap looks back.
TEST(Conv1d, AllWaysAgreeWithTextbookLoops) {
  for (int64_t dilation : {1, 2, 4, 8, 16}) {
    for (int64_t length : {1, 3, 9, 50, 121}) {
      for (bool causal : {true, false}) {
        const Conv1d c{3, length, 8, 16, 3, dilation, causal};
        SCOPED_TRACE(testing::Message()
                     << "T " << length << ", D " << dilation << (causal ? ", causal" : ""));
        const Results expected = textbook(c);
        expect_near(by_rows(c), expected, c);
        expect_near(by_library(c), expected, c);
        expect_near(by_winograd(c), expected, c);
        if (c.taps == 3) expect_near(by_winograd(c), expected, c);
      }
    }
  }
}

TEST(Conv1d, AllWaysTakeOddSizes) {
  for (const Conv1d& c : {Conv1d{1, 1, 1, 1, 1, 1, true}, Conv1d{2, 5, 3, 7, 2, 3, true},
                          Conv1d{13, 7, 5, 3, 5, 2, false}, Conv1d{40, 11, 24, 17, 3, 1, true},
                          Conv1d{300, 50, 64, 64, 3, 2, true}}) {
    SCOPED_TRACE(testing::Message() << c.batch << ' ' << c.length << ' ' << c.in << ' ' << c.out);
    const Results expected = textbook(c);
    expect_near(by_rows(c), expected, c);
    expect_near(by_library(c), expected, c);
    if (c.taps == 3) expect_near(by_winograd(c), expected, c);
  }
}

TEST(Conv1d, FiltersWideChannelsWhereThatSparesProducts) {
  using enum Conv1dPart;
  for (Conv1dPart part : {forward, data, weight}) {
    EXPECT_EQ(conv1d_way({32, 50, 128, 128, 3, 4, true}, part), Conv1dWay::winograd);
    EXPECT_NE(conv1d_way({32, 50, 64, 128, 3, 4, true}, part), Conv1dWay::winograd);
    EXPECT_NE(conv1d_way({32, 50, 128, 128, 5, 4, true}, part), Conv1dWay::winograd);
    EXPECT_NE(conv1d_way({64, 20, 128, 128, 3, 8, true}, part), Conv1dWay::winograd)
        << "taps that see zeros are free elsewhere";
  }
  EXPECT_EQ(winograd::products({2, 11, 1, 1, 3, 4, true, 1}, forward), 2 * 4 * 6)
      << "0 to 3 with 4 to 7, 8 and 9 alone";
  EXPECT_EQ(winograd::products({2, 11, 1, 1, 3, 4, true, 1}, data), 2 * 4 * 7);
  const Conv1d c{32, 40, 128, 136, 3, 2, true};
  const auto chosen = run<float>(
      c, [](const Conv1d& s, auto... p) { conv1d_forward(Device::cpu, s, p...); },
      [](const Conv1d& s, auto... p) { conv1d_data(Device::cpu, s, p...); },
      [](const Conv1d& s, auto... p) { conv1d_weight(Device::cpu, s, p...); });
  expect_near(chosen, textbook(c), c);
}

// What is left out changes nothing of the rest.
TEST(Conv1d, LeavesOutTheFirstPlaces) {
  for (const auto& [length, dilation, skipped] : {std::array<int64_t, 3>{9, 2, 1},
                                                  {9, 2, 4},
                                                  {50, 8, 16},
                                                  {50, 8, 5},
                                                  {17, 8, 16},
                                                  {5, 4, 5}}) {
    SCOPED_TRACE(testing::Message() << "T " << length << ", D " << dilation << ", S " << skipped);
    const Conv1d all{5, length, 16, 24, 3, dilation, true};
    Conv1d c = all;
    c.skipped = skipped;
    const Results expected = textbook(c), whole = textbook(all);
    for (int64_t b = 0; b < c.batch; ++b)
      for (int64_t i = 0; i < c.places() * c.out; ++i)
        EXPECT_EQ(expected.y.data<double>()[b * c.places() * c.out + i],
                  whole.y.data<double>()[(b * c.length + skipped) * c.out + i]);
    if (c.places() == 0) continue;
    expect_near(by_rows(c), expected, c);
    expect_near(by_library(c), expected, c);
    if (c.taps == 3) expect_near(by_winograd(c), expected, c);
  }
}

TEST(Conv1d, GivesTheSameBitsForAnyNumberOfThreads) {
  const FineGrainScope fine;
  for (auto* way : {by_rows, by_library, by_winograd}) {
    const Conv1d c{37, 21, 24, 32, 3, 4, true};
    omp_set_num_threads(1);
    const Results one = way(c);
    for (int threads : {2, 3}) {
      omp_set_num_threads(threads);
      const Results other = way(c);
      for (auto part : {&Results::y, &Results::dx, &Results::dw}) {
        EXPECT_EQ(std::memcmp((one.*part).raw(), (other.*part).raw(),
                              static_cast<size_t>((one.*part).bytes())),
                  0);
      }
    }
  }
  omp_set_num_threads(omp_get_num_procs());
}

TEST(Conv1d, AnEmptyBatchHasNoGradient) {
  const Conv1d c{0, 5, 4, 3, 3, 1, true};
  const float w[36] = {};
  float dw[36];
  std::fill_n(dw, 36, NAN);
  conv1d_forward(Device::cpu, c, static_cast<const float*>(nullptr), w, nullptr, nullptr);
  conv1d_weight(Device::cpu, c, static_cast<const float*>(nullptr), nullptr, dw);
  for (float g : dw) EXPECT_EQ(g, 0);
}

}  // namespace
}  // namespace ctr
