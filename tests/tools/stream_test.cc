// Sequences item by item give what the model makes of whole rows.

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <numeric>

#include <gtest/gtest.h>

#include "engine/parallel.h"
#include "engine/rng.h"
#include "models/model.h"
#include "models/sequence_stream.h"
#include "tests/message.h"
#include "tests/tools/closed_form.h"

namespace ctr {
namespace {

using closed_form::ids;
using Ids = std::vector<int64_t>;
using Numbers = std::vector<double>;
using Change = std::function<void(ModelOptions&)>;

constexpr int64_t kItems = 23, kTargets = 7;

Ids up_to(int64_t n) {
  Ids all(static_cast<size_t>(n));
  std::iota(all.begin(), all.end(), 0);
  return all;
}

Ids random_items(int64_t n, uint64_t stream) {
  const RandomStream random{7, stream, 0};
  Ids items;
  for (int64_t i = 0; i < n; ++i)
    items.push_back(1 + static_cast<int64_t>(random.below(kItems - 1, static_cast<uint64_t>(i))));
  return items;
}

Numbers row(const Tensor& values, int64_t index) {
  const Tensor all = values.rows(index, index + 1).cast(DType::f64);
  return {all.span<double>().begin(), all.span<double>().end()};
}

// A network of three blocks with every parameter off its start.
struct Built {
  Schema schema;
  GivenVectors none;
  std::string name;
  ParameterStore store;
  std::unique_ptr<Model> model;

  // `length`: places of a row; 0: as many as it has items.
  explicit Built(std::string model_name, const Change& change = {}, DType dtype = DType::f64,
                 int64_t length = 0)
      : name(std::move(model_name)), store(dtype, 1) {
    schema.name = "rows";
    schema.fields = {{"item", FieldType::sequence, kItems, FieldRole::none, true}};
    schema.fields[0].max_length = length;
    if (name == "peterrec")
      schema.fields.push_back({"target", FieldType::categorical, kTargets, FieldRole::item});
    ModelOptions options;
    find_model(name).preset(options);
    options.embedding_dim = 12;
    options.embedding_deviation = 0.5;
    options.nextitnet.dilations = {1, 3, 2};
    if (change) change(options);
    model = find_model(name).make(Scope(store), {schema, none, options});
    shift(0.3);
  }

  void shift(double by) {
    ++store.mode().weights_version;
    for (const auto& parameter : store.all()) {
      const RandomStream random{store.mode().weights_version, stream_of(parameter->name), 0};
      visit_float(store.dtype(), "shift", [&](auto zero) {
        auto* data = parameter->value.data<decltype(zero)>();
        for (int64_t i = 0; i < parameter->value.count(); ++i)
          data[i] += static_cast<decltype(zero)>(by * random.normal(static_cast<uint64_t>(i)));
      });
    }
  }

  // Scores of all items at each place of a row, or of all targets after it, [places or 1, scores].
  Tensor of_row(const Ids& items) const {
    const NoGradient off;
    const auto n = static_cast<int64_t>(items.size());
    Batch batch;
    batch.rows = name == "peterrec" ? kTargets : 1;
    Ids all, begin;
    for (int64_t b = 0; b < batch.rows; ++b) {
      begin.push_back(b * n);
      all.insert(all.end(), items.begin(), items.end());
    }
    batch.fields = {{ids({batch.rows * n}, all), ids({batch.rows}, begin), {}}};
    if (name == "peterrec") batch.fields.push_back({ids({kTargets}, up_to(kTargets)), {}, {}});
    const Tensor z = model->logit(batch).value();
    return name == "peterrec" ? z.reshaped({1, kTargets}) : z.reshaped({z.dim(1), kItems});
  }
  Tensor of_stream(SequenceStream& stream, const Ids& users) const {
    return stream.scores(users, up_to(name == "peterrec" ? kTargets : kItems));
  }
};

void expect_near(const Numbers& found, const Numbers& expected, double tolerance,
                 const std::string& where) {
  ASSERT_EQ(found.size(), expected.size());
  double largest = 0;
  for (double one : expected) largest = std::max(largest, std::abs(one));
  EXPECT_GT(largest, 0.01) << where;
  for (size_t i = 0; i < found.size(); ++i)
    EXPECT_NEAR(found[i], expected[i], tolerance * largest) << where << " number " << i;
}

struct Case {
  const char* name;
  Change change;
};
void PrintTo(const Case& one, std::ostream* out) { *out << one.name; }

class StreamedNetworks : public testing::TestWithParam<Case> {};

// 300 items in one window: place t of the batch is the stream after t + 1 items.
TEST_P(StreamedNetworks, EveryPlaceIsThatOfTheWholeRow) {
  for (DType dtype : {DType::f64, DType::f32}) {
    const Built built("nextitnet", GetParam().change, dtype);
    const Ids items = random_items(300, 1);
    const Tensor expected = built.of_row(items);
    const auto stream = built.model->stream(1);
    for (size_t t = 0; t < items.size(); ++t) {
      stream->push(Ids{0}, Ids{items[t]});
      expect_near(row(built.of_stream(*stream, {0}), 0), row(expected, static_cast<int64_t>(t)),
                  dtype == DType::f64 ? 1e-10 : 1e-4, "place " + std::to_string(t));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Stream, StreamedNetworks,
    testing::Values(Case{"block_b", {}},
                    Case{"block_a", [](ModelOptions& o) { o.nextitnet.block = std::string("a"); }},
                    Case{"two_taps", [](ModelOptions& o) { o.nextitnet.kernel = 2; }},
                    Case{"one_tap", [](ModelOptions& o) { o.nextitnet.kernel = 1; }},
                    Case{"relu_head_wide",
                         [](ModelOptions& o) {
                           o.nextitnet.relu_head = true;
                           o.embedding_dim = 72;
                         }}),
    [](const auto& info) { return std::string(info.param.name); });

class StreamedInsertions : public testing::TestWithParam<Case> {};

// The token after the items is read and not kept: the next item goes on from before it.
TEST_P(StreamedInsertions, ReadTheTokenAfterEachItem) {
  for (DType dtype : {DType::f64, DType::f32}) {
    const Built built(
        "peterrec",
        [](ModelOptions& o) {
          o.peter.zero_up = false;
          GetParam().change(o);
        },
        dtype);
    const Ids items = random_items(300, 2);
    const auto stream = built.model->stream(1);
    const double tolerance = dtype == DType::f64 ? 1e-10 : 1e-4;
    for (size_t n = 1; n <= items.size(); ++n) {
      stream->push(Ids{0}, Ids{items[n - 1]});
      if (n % 3 == 0) continue;  // unread
      const Tensor once = built.of_stream(*stream, {0}), again = built.of_stream(*stream, {0});
      EXPECT_EQ(row(once, 0), row(again, 0));
      if (n < 2 || (n > 40 && n % 37 > 1)) continue;  // rows have two places at least
      const Ids before(items.begin(), items.begin() + static_cast<std::ptrdiff_t>(n));
      expect_near(row(once, 0), row(built.of_row(before), 0), tolerance,
                  "after " + std::to_string(n));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Stream, StreamedInsertions,
    testing::Values(Case{"none", [](ModelOptions& o) { o.peter.insertion = std::string("none"); }},
                    Case{"serial2", [](ModelOptions&) {}},
                    Case{"serial1",
                         [](ModelOptions& o) { o.peter.insertion = std::string("serial1"); }},
                    Case{"parallel2_skip",
                         [](ModelOptions& o) { o.peter.insertion = std::string("parallel2"); }},
                    Case{"parallel2_branches_row_0",
                         [](ModelOptions& o) {
                           o.peter.insertion = "parallel2";
                           o.peter.inner_skip = false;
                           o.peter.cardinality = 3;
                           o.peter.bottleneck = 2;
                           o.peter.cls = "frozen_row_0";
                         }},
                    Case{"beside_block",
                         [](ModelOptions& o) {
                           o.peter.insertion = "beside_block";
                           o.peter.inner_skip = false;
                         }}),
    [](const auto& info) { return std::string(info.param.name); });

// Rows of a padded batch begin with places of id 0.
TEST(Stream, BeginsWithPaddingAsARowDoes) {
  constexpr int64_t kLength = 9;
  for (const char* name : {"nextitnet", "peterrec"}) {
    const Built built(name, {}, DType::f64, kLength);
    const auto stream = built.model->stream(3);
    for (int64_t n = 1; n <= kLength; ++n) {
      const Ids items = random_items(n, 3);
      stream->begin(Ids{2, 0}, kLength - n);
      stream->begin(Ids{1});
      for (int64_t item : items) stream->push(Ids{0, 1, 2}, Ids{item, item, item});
      const Tensor expected = built.of_row(items), found = built.of_stream(*stream, {0, 1, 2});
      const Numbers last = row(expected, expected.dim(0) - 1);
      expect_near(row(found, 0), last, 1e-10, name);
      EXPECT_EQ(row(found, 0), row(found, 2));
      EXPECT_EQ(row(found, 0) == row(found, 1), n == kLength) << name << ' ' << n;
    }
  }
}

// Forty users whose items come at different times, some of them in each call.
TEST(Stream, UsersGoOnByThemselves) {
  constexpr int64_t kUsers = 40;
  for (const char* name : {"nextitnet", "peterrec"}) {
    const Built built(name);
    const auto together = built.model->stream(kUsers), alone = built.model->stream(1);
    std::vector<Ids> had(kUsers);
    const RandomStream random{5, 5, 5};
    for (uint64_t call = 0; call < 30; ++call) {
      Ids users, items;
      for (int64_t u = kUsers - 1; u >= 0; --u) {
        if (call > 0 && random.uniform(100 * call + static_cast<uint64_t>(u)) < 0.3) continue;
        users.push_back(u);
        items.push_back(1 + (u * 5 + static_cast<int64_t>(call * call)) % (kItems - 1));
        had[static_cast<size_t>(u)].push_back(items.back());
      }
      together->push(users, items);
      if (call == 11) {  // one user begins anew
        together->begin(Ids{17});
        had[17] = {4, 9};
        for (int64_t item : had[17]) together->push(Ids{17}, Ids{item});
      }
    }
    const Tensor found = built.of_stream(*together, up_to(kUsers));
    for (int64_t u = 0; u < kUsers; ++u) {
      const Ids& items = had[static_cast<size_t>(u)];
      const Tensor expected = built.of_row(items);
      expect_near(row(found, u), row(expected, expected.dim(0) - 1), 1e-10, name);
      alone->begin(Ids{0});
      for (int64_t item : items) alone->push(Ids{0}, Ids{item});
      EXPECT_EQ(row(together->vectors(up_to(kUsers)), u), row(alone->vectors(Ids{0}), 0)) << u;
    }
  }
}

TEST(Stream, BitsDoNotDependOnThreads) {
  const Built built("nextitnet", {}, DType::f32);
  const Ids users = up_to(70);
  auto vectors = [&](int threads) {
    omp_set_num_threads(threads);
    const auto stream = built.model->stream(70);
    for (int64_t t = 0; t < 9; ++t) stream->push(users, random_items(70, static_cast<uint64_t>(t)));
    return stream->vectors(users);
  };
  const int before = omp_get_max_threads();
  const Tensor one = vectors(1), three = vectors(3);
  omp_set_num_threads(before);
  EXPECT_EQ(std::memcmp(one.raw(), three.raw(), static_cast<size_t>(one.bytes())), 0);
}

TEST(Stream, ReadsWeightsAsTheyAre) {
  for (const char* name : {"nextitnet", "peterrec"}) {
    Built built(name);
    const Ids items = random_items(20, 4);
    const auto stream = built.model->stream(1);
    auto scores = [&] {
      stream->begin(Ids{0});
      for (int64_t item : items) stream->push(Ids{0}, Ids{item});
      return row(built.of_stream(*stream, {0}), 0);
    };
    const Numbers before = scores();
    built.shift(0.2);
    const Numbers after = scores();
    EXPECT_NE(before, after);
    const Tensor expected = built.of_row(items);
    expect_near(after, row(expected, expected.dim(0) - 1), 1e-10, name);
  }
}

// The best first, all but id 0; ties by the lower id.
TEST(Stream, RanksItems) {
  Built built("nextitnet");
  Tensor& weight = built.store.find("head/weight")->value;
  Tensor& bias = built.store.find("head/bias")->value;
  std::copy_n(weight.data<double>() + 12 * 12, 12, weight.data<double>() + 3 * 12);
  bias.data<double>()[3] = bias.data<double>()[12] = 50;  // items 3 and 12 come first, and tie
  bias.data<double>()[0] = 99;
  const auto stream = built.model->stream(66);
  const Ids users = up_to(66);
  stream->push(users, random_items(66, 8));
  const TopItems best = stream->top(users, 5);
  const Tensor all = built.of_stream(*stream, users);
  for (int64_t u = 0; u < 66; ++u) {
    const int64_t* items = best.id.data<int64_t>() + u * 5;
    const Numbers z = row(all, u), scores = row(best.score, u);
    EXPECT_EQ(items[0], 3);
    EXPECT_EQ(items[1], 12);
    for (size_t i = 0; i < 5; ++i) {
      EXPECT_EQ(scores[i], z[static_cast<size_t>(items[i])]);
      const auto higher =
          std::count_if(z.begin() + 1, z.end(), [&](double other) { return other > scores[i]; });
      EXPECT_EQ(higher, i < 2 ? 0 : static_cast<int64_t>(i));
    }
  }
}

TEST(Stream, NoSequenceWithoutANetworkOfPlaces) {
  EXPECT_EQ(Built("gru4rec").model->stream(1), nullptr);
}

TEST(Stream, RefusesWhatDoesNotFit) {
  for (const char* name : {"nextitnet", "peterrec"}) {
    EXPECT_EQ(message([&] {
                Built(name, [](ModelOptions& o) { o.nextitnet.causal = false; }).model->stream(1);
              }),
              "stream: a network that is not causal reads every place anew when an item comes; "
              "train it with --next-causal true");
    const Built built(name);
    EXPECT_EQ(message([&] { built.model->stream(0); }),
              "stream: of 0 users; there must be one at least");
    const auto stream = built.model->stream(4);
    auto refusal = [&](const Ids& users, const Ids& items) {
      return message([&] { stream->push(users, items); });
    };
    EXPECT_EQ(refusal({1, 4}, {1, 1}), "stream: user 4 is outside the stream's 4 users");
    EXPECT_EQ(refusal({-1}, {1}), "stream: user -1 is outside the stream's 4 users");
    EXPECT_EQ(refusal({0}, {kItems}), "stream: item 23 is outside the 23 items");
    EXPECT_EQ(refusal({0}, {-1}), "stream: item -1 is outside the 23 items");
    EXPECT_EQ(refusal({0, 1}, {1}), "stream: 1 items for 2 users; each takes one");
    EXPECT_EQ(refusal({2, 0, 2}, {1, 1, 1}),
              "stream: user 2 stands twice in one call; a step takes one place of each");
    EXPECT_EQ(refusal({2, 0}, {1, 1}), "accepted");  // and nothing of it remained
    EXPECT_EQ(message([&] { stream->begin(Ids{1}, -1); }),
              "stream: a sequence cannot begin with -1 places of id 0");
    EXPECT_EQ(message([&] { stream->begin(Ids{9}); }),
              "stream: user 9 is outside the stream's 4 users");
    EXPECT_EQ(message([&] { stream->vectors(Ids{4}); }),
              "stream: user 4 is outside the stream's 4 users");
    EXPECT_NE(message([&] { stream->scores(Ids{0}, Ids{kItems}); }), "accepted");
    EXPECT_EQ(message([&] { stream->top(Ids{0}, 0); }).substr(0, 20), "stream: the 0 best o");
  }
  const Built built("nextitnet");
  EXPECT_EQ(message([&] { built.model->stream(2)->vectors(Ids{1}); }),
            "stream: user 1 has no item yet, and what follows is told at the last one");
}

}  // namespace
}  // namespace ctr
