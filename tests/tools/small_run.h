#pragma once
// A small data set and runs on it, for the tests of training.

#include <unistd.h>

#include <filesystem>
#include <functional>
#include <string>

#include <gtest/gtest.h>

#include "engine/error.h"
#include "engine/rng.h"
#include "io/file.h"
#include "tests/message.h"
#include "tools/fine_tune.h"
#include "tools/run_directory.h"

namespace ctr {

inline Schema small_run_schema() {
  Schema schema;
  schema.name = "small";
  schema.domains = 2;
  schema.domain_names = {"a", "b"};
  schema.fields.resize(4);
  schema.fields[0] = {"user", FieldType::categorical, 20, FieldRole::user};
  schema.fields[1] = {"item", FieldType::categorical, 15, FieldRole::item};
  schema.fields[2] = {"domain", FieldType::categorical, 2, FieldRole::domain};
  schema.fields[3] = {"price", FieldType::numeric};
  return schema;
}

inline Columns small_run_rows(int64_t count, uint64_t stream) {
  const RandomStream random{7, stream, 0};
  Columns columns = Columns::empty(small_run_schema());
  auto draw = [&](uint64_t bound, int64_t row, uint64_t column) {
    return static_cast<int32_t>(random.below(bound, static_cast<uint64_t>(row) * 8 + column));
  };
  for (int64_t r = 0; r < count; ++r) {
    const int32_t user = draw(20, r, 0), item = draw(15, r, 1);
    columns.fields[0].ids.push_back(user);
    columns.fields[1].ids.push_back(item);
    columns.fields[2].ids.push_back(draw(2, r, 2));
    columns.fields[3].numbers.push_back(static_cast<float>(draw(100, r, 3)) / 100);
    const int32_t noise = draw(10, r, 4);
    columns.labels[0].push_back((user + 2 * item) % 5 + noise / 4 > 3 ? 1.0f : 0.0f);
  }
  columns.rows = count;
  return columns;
}

// These tests make hundreds of files durable: in memory, where the system offers it.
inline std::string quick_folder() {
  return access("/dev/shm", W_OK) == 0 ? "/dev/shm" : testing::TempDir();
}

class SmallRuns : public testing::Test {
 protected:
  static constexpr int64_t kRows = 250;  // of training: 8 batches of 32, the last one short

  std::string folder = quick_folder() + "/ctrengine-runs-" + std::to_string(getpid());
  Dataset data;
  TrainOptions options;
  ModelOptions model_options;

  void SetUp() override {
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    data = make_data("data", [](Columns&) {});
    options.model = "deepfm";
    options.batch_size = 32;
    options.epochs = 4;
    options.log_steps = 1;
    options.digest_steps = 3;
    options.optimizer.learning_rate = 0.01;
    model_options.embedding_dim = 4;
    model_options.hidden_units = {8};
    model_options.dropout = 0.2;
  }
  void TearDown() override { std::filesystem::remove_all(folder); }

  Dataset make_data(const std::string& name, const std::function<void(Columns&)>& change) const {
    DatasetWriter writer(folder + "/" + name);
    writer.begin_rows(small_run_schema());
    Columns training = small_run_rows(kRows, 1);
    change(training);
    writer.add(Split::train, training);
    writer.add(Split::valid, small_run_rows(80, 2));
    writer.add(Split::test, small_run_rows(80, 3));
    writer.commit("made for a test", "", {}, {});
    return read_dataset(folder + "/" + name);
  }

  std::string path(const std::string& name) const { return folder + "/" + name; }

  BuiltModel build() const {
    return BuiltModel(find_model(options.model), data, model_options, DType::f32,
                      static_cast<uint64_t>(options.seed));
  }

  // Trains as the verb does; `adjust` may change what happens on the way.
  TrainReport run(RunDirectory directory, const TrainSnapshot* from,
                  const std::function<void(TrainEvents&)>& adjust = {}) {
    BuiltModel built = build();
    return train_in(std::move(directory), built, from, adjust);
  }
  TrainReport start(const std::string& name, const std::function<void(TrainEvents&)>& adjust = {}) {
    return run(RunDirectory::create(path(name), ""), nullptr, adjust);
  }
  // Begins with the weights of the run `from`; empty: with none.
  TrainReport start_from(const std::string& name, const std::string& from) {
    BuiltModel built = build();
    if (!from.empty()) begin_from(path(from), data, find_model(options.model), built);
    return train_in(RunDirectory::create(path(name), ""), built, nullptr, {});
  }
  // What had to be passed over goes to `notes`.
  TrainReport resume(const std::string& name) {
    RunDirectory directory = RunDirectory::open(path(name));
    notes.clear();
    std::optional<TrainSnapshot> from = directory.load(data, options, model_options, notes);
    return run(std::move(directory), from ? &*from : nullptr);
  }

  std::vector<std::string> notes;

 private:
  TrainReport train_in(RunDirectory directory, BuiltModel& built, const TrainSnapshot* from,
                       const std::function<void(TrainEvents&)>& adjust) {
    directory.begin(data, options, model_options);
    TrainEvents events = directory.events(options);
    if (adjust) adjust(events);
    TrainReport report = train(built, data, options, events, from);
    if (!report.interrupted) directory.finish(built, data, options, model_options, report);
    return report;
  }
};

}  // namespace ctr
