// GRU4Rec an item at a time: lanes of sequences, a state that is carried on, training.

#include "models/layers/session_lanes.h"

#include <algorithm>
#include <fstream>
#include <sstream>

#include "ops/registry.h"
#include "tests/tools/small_run.h"
#include "tools/scores.h"

namespace ctr {
namespace {

std::vector<std::vector<int64_t>> numbers(const std::vector<LaneStep>& steps,
                                          Tensor LaneStep::*member) {
  std::vector<std::vector<int64_t>> all;
  for (const LaneStep& step : steps) {
    const auto values = (step.*member).span<int64_t>();
    all.emplace_back(values.begin(), values.end());
  }
  return all;
}

using Numbers = std::vector<std::vector<int64_t>>;

TEST(SessionLanes, GoOnWithTheNextSequence) {
  const Tensor ids = Tensor::from<int64_t>({6, 4}, {0, 1, 2, 3,  //
                                                    0, 0, 4, 5,  //
                                                    0, 0, 0, 9,  // nothing follows
                                                    6, 7, 8, 9,  //
                                                    0, 0, 0, 0,  //
                                                    0, 0, 2, 1});
  const std::vector<LaneStep> steps = lane_steps(ids, 2);
  EXPECT_EQ(numbers(steps, &LaneStep::ids), (Numbers{{1, 4}, {2, 6}, {2, 7}, {0, 8}}));
  EXPECT_EQ(numbers(steps, &LaneStep::next), (Numbers{{2, 5}, {3, 7}, {1, 8}, {0, 9}}));
  EXPECT_EQ(numbers(steps, &LaneStep::begins), (Numbers{{1, 1}, {0, 1}, {1, 0}, {1, 0}}));
  EXPECT_EQ(numbers(steps, &LaneStep::row), (Numbers{{0, 1}, {0, 3}, {5, 3}, {5, 3}}));
}

TEST(SessionLanes, AreNoMoreThanSequences) {
  const std::vector<LaneStep> steps = lane_steps(Tensor::from<int64_t>({1, 3}, {5, 6, 7}), 8);
  EXPECT_EQ(numbers(steps, &LaneStep::ids), (Numbers{{5}, {6}}));
  EXPECT_TRUE(lane_steps(Tensor::from<int64_t>({1, 3}, {0, 0, 7}), 8).empty());
  EXPECT_TRUE(lane_steps(Tensor({0, 3}, DType::i64), 8).empty());
}

Schema ring_schema() {
  Schema schema;
  schema.name = "ring";
  schema.fields.resize(3);
  schema.fields[0] = {"user", FieldType::categorical, 50, FieldRole::user};
  schema.fields[1] = {"item", FieldType::categorical, 14, FieldRole::item};
  schema.fields[2] = {"history", FieldType::sequence, 14};
  schema.fields[2].shares = "item";
  schema.fields[2].max_length = 6;
  return schema;
}

// Walks round a ring of items 2 to 13, forward or back: an item and one before it tell the next.
class LaneRuns : public SmallRuns {
 protected:
  void SetUp() override {
    SmallRuns::SetUp();
    data = ring();
    options.model = "gru4rec";
    options.epochs = options.patience = 12;
    options.batch_size = 48;
    options.optimizer.learning_rate = 0.02;
    options.digest_steps = 0;
    model_options = {};
    model_options.embedding_dim = 12;
    model_options.embedding_deviation = 0.3;
    model_options.gru.hidden = 16;
    model_options.gru.lanes = 8;
  }

  Dataset ring() const {
    DatasetWriter writer(path("ring"));
    writer.begin_rows(ring_schema());
    for (const auto& [split, count] :
         {std::pair{Split::train, 150}, {Split::valid, 60}, {Split::test, 60}}) {
      Columns columns = Columns::empty(ring_schema());
      const RandomStream random{3, static_cast<uint64_t>(split), 0};
      for (int64_t r = 0; r < count; ++r) {
        const auto draw = [&](uint64_t bound, uint64_t n) {
          return static_cast<int32_t>(random.below(bound, static_cast<uint64_t>(r) * 4 + n));
        };
        const int32_t first = draw(12, 0), step = draw(2, 1) == 0 ? 1 : 11;
        const int32_t length = 2 + draw(5, 2);
        for (int32_t t = 0; t < length; ++t)
          columns.fields[2].ids.push_back(2 + (first + t * step) % 12);
        columns.fields[2].offsets.push_back(std::ssize(columns.fields[2].ids));
        columns.fields[0].ids.push_back(static_cast<int32_t>(r % 50));
        columns.fields[1].ids.push_back(2 + (first + length * step) % 12);
        columns.labels[0].push_back(1);
      }
      columns.rows = count;
      writer.add(split, columns);
    }
    writer.commit("made for a test", "", {}, {});
    return read_dataset(path("ring"));
  }

  std::string refusal() {
    BuiltModel built = build();
    return message([&] { train(built, data, options); });
  }

  static std::string text_of(const std::string& file) {
    std::ostringstream text;
    text << std::ifstream(file).rdbuf();
    return text.str();
  }
};

// Two users' whole sequences, of one length: nothing stands before them.
struct Two {
  ParameterStore store{DType::f64, 5};
  GivenVectors none;
  std::unique_ptr<Model> model;
  Batch batch;

  explicit Two(int64_t lanes) {
    ModelOptions options;
    options.embedding_dim = 5;
    options.embedding_deviation = 0.5;
    options.gru.hidden = 7;
    options.gru.layers = 2;
    options.gru.lanes = lanes;
    Schema schema = ring_schema();
    schema.fields[2].max_length = 3;
    model = find_model("gru4rec").make(Scope(store), {schema, none, options});
    auto ids = [](const std::vector<int64_t>& values) {
      return Tensor::from<int64_t>({std::ssize(values)}, values);
    };
    batch.rows = 2;
    batch.fields = {
        {ids({1, 2}), {}, {}}, {ids({5, 9}), {}, {}}, {ids({2, 3, 4, 8, 7, 6}), ids({0, 3}), {}}};
    batch.label = Tensor::full({2}, DType::f64, 1);
    batch.labels = {batch.label};
  }
};

// Side by side or after one another: what each place tells is that of whole rows.
TEST(SessionLanes, CarryTheStateOfWholeSequences) {
  Two whole(0);
  const double expected = loss_of(*whole.model, whole.batch).value().data<double>()[0];
  for (int64_t lanes : {1, 2, 5}) {
    Two two(lanes);
    double sum = 0, pairs = 0;
    for (const Batch& place : two.model->place_by_place(two.batch)) {
      sum += static_cast<double>(place.rows) * loss_of(*two.model, place).value().data<double>()[0];
      pairs += static_cast<double>(place.rows);
    }
    EXPECT_EQ(pairs, 6);
    EXPECT_NEAR(sum / pairs, expected, 1e-12) << lanes;
    EXPECT_NEAR(loss_of(*two.model, two.batch).value().data<double>()[0], expected, 1e-12);
  }
}

// A short one among them: its own pairs alone count.
TEST(SessionLanes, TellWhatShortSequencesTell) {
  Two two(2);
  two.batch.fields[2].ids = Tensor::from<int64_t>({4}, {4, 8, 7, 6});
  two.batch.fields[2].offsets = Tensor::from<int64_t>({2}, {0, 1});
  double sum = 0, pairs = 0;
  for (const Batch& place : two.model->place_by_place(two.batch)) {
    const auto next = place.next.span<int64_t>();
    const auto told = static_cast<double>(std::ssize(next) - std::ranges::count(next, 0));
    sum += told * loss_of(*two.model, place).value().data<double>()[0];
    pairs += told;
  }
  EXPECT_EQ(pairs, 4);
  EXPECT_NEAR(sum / pairs, loss_of(*two.model, two.batch).value().data<double>()[0], 1e-12);
}

// What a lane carries is a constant: only the items of the step move, the layers by one step.
TEST(SessionLanes, HaveGradientsOfOneStep) {
  Two two(2);
  const std::vector<Batch> places = two.model->place_by_place(two.batch);
  ASSERT_EQ(places.size(), 3U);
  for (size_t i = 0; i < places.size(); ++i) {
    Tape tape;
    const Gradients gradients = backward(loss_of(*two.model, places[i]));
    const StepGradients sums = gather_sums(two.store, gradients);
    const auto table = std::find_if(sums.begin(), sums.end(), [](const StepGradient& one) {
      return one.parameter->name == "embedding/item";
    });
    ASSERT_NE(table, sums.end());
    const auto ids = table->rows.ids.span<int64_t>();
    std::vector<int64_t> read = {places[i].fields[2].ids.data<int64_t>()[0],
                                 places[i].fields[2].ids.data<int64_t>()[1]};
    std::sort(read.begin(), read.end());
    EXPECT_EQ(std::vector<int64_t>(ids.begin(), ids.end()), read) << i;
  }
}

// What stands before a short sequence leaves the state at 0.
TEST(SessionLanes, NothingIsReadBeforeASequence) {
  Two two(2);
  const Tensor first = two.model->logit(two.batch).value().clone();
  two.batch.fields[2].ids = Tensor::from<int64_t>({4}, {4, 8, 7, 6});
  two.batch.fields[2].offsets = Tensor::from<int64_t>({2}, {0, 1});
  const Tensor alone = two.model->logit(two.batch).value().clone();
  two.store.find("embedding/item")->value.data<double>()[0] += 1;  // of id 0
  EXPECT_EQ(two.model->logit(two.batch).value().data<double>()[0], alone.data<double>()[0]);
  EXPECT_NE(first.data<double>()[0], alone.data<double>()[0]);
  EXPECT_EQ(first.data<double>()[1], alone.data<double>()[1]);
}

TEST_F(LaneRuns, LearnWhatFollows) {
  BuiltModel built = build();
  const double before = evaluate(built, data, Split::test, 64).ranking.hr1;
  train(built, data, options);
  const Metrics metrics = evaluate(built, data, Split::test, 64);
  EXPECT_LT(before, 0.4);
  EXPECT_GT(metrics.ranking.hr1, 0.9);
}

TEST_F(LaneRuns, GoOnToTheSameBits) {
  model_options.next_item.loss = "sampled";
  model_options.next_item.sampler = "in-batch";
  options.epochs = 3;
  options.checkpoint_steps = 1;
  start("whole");
  start("halves",
        [](TrainEvents& events) { events.stop = [count = 0]() mutable { return ++count == 5; }; });
  resume("halves");
  EXPECT_EQ(text_of(path("whole") + "/model.safetensors"),
            text_of(path("halves") + "/model.safetensors"));
}

TEST_F(LaneRuns, AreRefusedBesideOtherWaysToStep) {
  options.accumulate = 2;
  EXPECT_EQ(refusal(),
            "train: gru4rec learns an item at a time, a step of the optimizer each; leave "
            "--accumulate out");
  model_options.next_item.padding_is_item = true;
  EXPECT_EQ(message([&] { build(); }),
            "gru4rec: lanes learn what follows in the sequence itself, without padding; leave "
            "--next-padding-is-item or --gru-lanes out");
}

}  // namespace
}  // namespace ctr
