#include "tools/bench/stream.h"

#include <numeric>

#include "engine/check.h"
#include "engine/profile.h"
#include "engine/rng.h"
#include "models/model.h"
#include "models/sequence_stream.h"
#include "tools/bench/median.h"

namespace ctr {
namespace {

using Ids = std::vector<int64_t>;

// A model on rows of an item and T items before it.
class Rows {
 public:
  Rows(const StreamBenchOptions& options, int64_t users)
      : options_(options), random_{static_cast<uint64_t>(options.seed), 0x57, 0} {
    schema_.name = "sequences";
    schema_.fields = {{"item", FieldType::categorical, options.items, FieldRole::item},
                      {"history", FieldType::sequence, options.items}};
    schema_.fields[1].shares = "item";
    schema_.fields[1].max_length = options.places;
    const ModelInfo& info = find_model(options.model);
    ModelOptions model_options;
    info.preset(model_options);
    OptionList list = model_options.list();
    for (const ConfigEntry& entry : options.model_options)
      list.set(entry.name, entry.text, entry.where);
    model_ = info.make(Scope(store_), {schema_, none_, model_options});
    Ids begin;
    for (int64_t u = 0; u < users; ++u) begin.push_back(u * options.places);
    batch_.rows = users;
    batch_.fields = {{tensor(drawn(users)), {}, {}},
                     {tensor(drawn(users * options.places)), tensor(begin), {}}};
    batch_.label = Tensor::zeros({users}, DType::f32);
    batch_.labels = {batch_.label};
    all_.resize(static_cast<size_t>(users));
    std::iota(all_.begin(), all_.end(), 0);
    stream_ = model_->stream(users);
    CTR_CHECK(stream_ != nullptr,
              "bench: model '{}' does not go on item by item; set --model nextitnet or peterrec",
              options.model);
    for (int64_t t = 0; t < options.places; ++t) push();
  }

  // Items that come in a call.
  Ids drawn(int64_t count) {
    Ids items;
    for (int64_t i = 0; i < count; ++i)
      items.push_back(1 + static_cast<int64_t>(random_.below(
                              static_cast<uint64_t>(options_.items - 1), element_++)));
    return items;
  }
  double row() {
    const NoGradient off;
    return timed([&] { model_->logit(batch_); });
  }
  double push() {
    const Ids items = drawn(batch_.rows);
    return timed([&] { stream_->push(all_, items); });
  }
  double read() {
    return timed([&] { stream_->vectors(all_); });
  }

 private:
  static Tensor tensor(const Ids& ids) {
    return Tensor::from<int64_t>({static_cast<int64_t>(ids.size())}, ids);
  }
  template <class F>
  static double timed(const F& f) {
    const double begin = seconds_now();
    f();
    return 1e6 * (seconds_now() - begin);
  }

  StreamBenchOptions options_;
  RandomStream random_;
  uint64_t element_ = 0;
  Schema schema_;
  GivenVectors none_;
  ParameterStore store_{DType::f32, 1};
  std::unique_ptr<Model> model_;
  Batch batch_;
  Ids all_;
  std::unique_ptr<SequenceStream> stream_;
};

}  // namespace

std::vector<StreamTime> bench_stream(const StreamBenchOptions& options,
                                     const std::vector<int64_t>& users) {
  constexpr int kRounds = 101, kWarmUp = 5, kInRound = 10;
  std::vector<StreamTime> result;
  for (int64_t count : users) {
    auto arena = std::make_shared<Arena>();
    const AllocatorScope scope(arena);
    Rows rows(options, count);
    std::vector<double> row, push, read;
    for (int round = -kWarmUp; round < kRounds; ++round) {
      const double whole = rows.row();
      if (round >= 0) row.push_back(whole);
      for (int i = 0; i < kInRound; ++i) {
        const double one = rows.push(), vectors = rows.read();
        if (round < 0) continue;
        push.push_back(one);
        read.push_back(vectors);
      }
    }
    result.push_back({count, median(row), median(push), median(read)});
  }
  return result;
}

}  // namespace ctr
