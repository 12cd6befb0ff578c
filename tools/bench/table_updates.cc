#include "tools/bench/table_updates.h"

#include <algorithm>
#include <memory>

#include <fmt/format.h>

#include "engine/parallel.h"
#include "engine/profile.h"
#include "engine/rng.h"
#include "ops/gather/gather.h"
#include "ops/optim/optimizer.h"

namespace ctr {
namespace {

// size · (u − ½) for uniform u, on all threads.
Tensor spread(const Shape& shape, float size, uint64_t seed, uint64_t stream) {
  Tensor tensor(shape, DType::f32);
  const RandomStream random{seed, stream, 0};
  float* data = tensor.data<float>();
  parallel_for(tensor.count(), 1 << 12, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      data[i] = size * static_cast<float>(random.uniform(static_cast<uint64_t>(i)) - 0.5);
  });
  return tensor;
}

class Tables {
 public:
  Tables(const TableUpdateOptions& options, const std::string& update)
      : options_(options),
        store_(DType::f32, static_cast<uint64_t>(options.seed)),
        optimizer_(optimizer_options(options, update)) {
    const AllocatorScope memory(store_.memory());
    std::map<std::string, Tensor> state;
    const Shape shape = {options.rows / options.fields, options.width};
    for (int64_t f = 0; f < options.fields; ++f) {
      const std::string name = fmt::format("c{}", f);
      const auto stream = static_cast<uint64_t>(f);
      store_.add(name, spread(shape, 0.1F, 1, stream));
      store_.find(name)->table = true;
      tables_.push_back(store_.find(name));
      // As if every row had just been touched: m of 1e-5, v of 1e-10.
      Tensor both = spread({shape[0], 2, shape[1]}, 2e-5F, 2, stream);
      float* numbers = both.data<float>();
      for (int64_t i = 0; i < both.count(); ++i)
        if (i / options.width % 2 == 1) numbers[i] *= numbers[i];
      state[name] = both;
    }
    optimizer_.restore(store_, state, 10'000);
    upstream_ = spread({options.batch_size, options.fields, options.width}, 2e-4F, 3, 0);
  }

  void draw_ids(uint32_t step) {
    ids_.clear();
    const RandomStream random{static_cast<uint64_t>(options_.seed), 0xB0, step};
    const auto rows = static_cast<double>(options_.rows / options_.fields);
    uint64_t element = 0;
    for (int64_t f = 0; f < options_.fields; ++f) {
      Tensor& ids = ids_.emplace_back(Shape{options_.batch_size}, DType::i64);
      for (int64_t b = 0; b < options_.batch_size; ++b) {
        const double u = random.uniform(element++);
        ids.data<int64_t>()[b] = static_cast<int64_t>(rows * u * u * u * u);
      }
    }
  }

  void step() {
    Tape tape;
    std::vector<Lookup> lookups;
    for (size_t f = 0; f < tables_.size(); ++f) lookups.push_back({*tables_[f], ids_[f]});
    BackwardOptions backward_options;
    backward_options.upstream = upstream_;
    const Gradients gradients = backward(gather_fields(lookups), backward_options);
    const StepGradients ready = optimizer_.prepare(store_, gradients);
    norm_ = global_norm(ready);
    optimizer_.apply(store_, ready);
  }
  void flush() { store_.catch_up(); }

 private:
  static OptimizerOptions optimizer_options(const TableUpdateOptions& options,
                                            const std::string& update) {
    OptimizerOptions result;
    result.update = update;
    result.l2.table = options.lambda;
    return result;
  }

  TableUpdateOptions options_;
  ParameterStore store_;
  Optimizer optimizer_;
  std::vector<const Parameter*> tables_;
  std::vector<Tensor> ids_;
  Tensor upstream_;
  double norm_ = 0;
};

}  // namespace

TableUpdateReport bench_table_updates(const TableUpdateOptions& options, const std::string& update,
                                      int64_t steps) {
  constexpr int64_t kWarmUp = 3;
  TableUpdateReport report{update, steps};
  auto arena = std::make_shared<Arena>();
  const AllocatorScope scope(arena);
  Tables tables(options, update);
  for (int64_t i = -kWarmUp; i < steps; ++i) {
    if (i == 0) tables.flush();
    tables.draw_ids(static_cast<uint32_t>(i + kWarmUp));
    const double begin = seconds_now();
    tables.step();
    if (i >= 0) report.step_ms += 1e3 * (seconds_now() - begin) / static_cast<double>(steps);
  }
  const double begin = seconds_now();
  tables.flush();
  report.flush_ms = 1e3 * (seconds_now() - begin);
  return report;
}

}  // namespace ctr
