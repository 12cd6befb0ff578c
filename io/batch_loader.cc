#include "io/batch_loader.h"

#include <condition_variable>
#include <exception>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "engine/allocator.h"
#include "io/row_order.h"

namespace ctr {
namespace {

// Gathers the cells of some rows of a split.
class RowReader {
 public:
  RowReader(const Dataset& data, Split split) : schema_(data.schema), blocks_(data.blocks(split)) {
    domain_ = schema_.index_of(FieldRole::domain);
    group_ = schema_.index_of(FieldRole::group);
    if (group_ < 0) group_ = schema_.index_of(FieldRole::user);
  }

  Batch read(const std::vector<int64_t>& rows) const {
    const std::vector<Cell> cells = locate(rows);
    Batch batch;
    batch.rows = static_cast<int64_t>(rows.size());
    for (size_t f = 0; f < schema_.fields.size(); ++f) {
      const auto field = static_cast<int64_t>(f);
      batch.fields.push_back(schema_.fields[f].type == FieldType::numeric ? numbers(cells, field)
                             : schema_.fields[f].is_list()                ? lists(cells, field)
                                                                          : ids(cells, field));
    }
    for (size_t l = 0; l < schema_.labels.size(); ++l)
      batch.labels.push_back(labels(cells, static_cast<int64_t>(l)));
    if (!batch.labels.empty()) batch.label = batch.labels[0];
    if (domain_ >= 0) batch.domain = batch.fields[static_cast<size_t>(domain_)].ids;
    if (group_ >= 0) batch.group = batch.fields[static_cast<size_t>(group_)].ids;
    batch.row = Tensor::from<int64_t>({batch.rows}, rows);
    return batch;
  }

 private:
  struct Cell {
    const BlockView* block;
    size_t row;
  };

  std::vector<Cell> locate(const std::vector<int64_t>& rows) const {
    std::vector<Cell> cells;
    cells.reserve(rows.size());
    const int64_t size = blocks_.rows_per_block();
    for (int64_t row : rows)
      cells.push_back({&blocks_.block(row / size), static_cast<size_t>(row % size)});
    return cells;
  }

  static FieldBatch ids(const std::vector<Cell>& cells, int64_t field) {
    Tensor result({static_cast<int64_t>(cells.size())}, DType::i64);
    auto* out = result.data<int64_t>();
    for (const Cell& cell : cells) *out++ = cell.block->ids(field)[cell.row];
    return {result, {}, {}};
  }

  static FieldBatch numbers(const std::vector<Cell>& cells, int64_t field) {
    Tensor result({static_cast<int64_t>(cells.size())}, DType::f32);
    auto* out = result.data<float>();
    for (const Cell& cell : cells) *out++ = cell.block->numbers(field)[cell.row];
    return {{}, {}, result};
  }

  static FieldBatch lists(const std::vector<Cell>& cells, int64_t field) {
    Tensor offsets({static_cast<int64_t>(cells.size())}, DType::i64);
    int64_t total = 0;
    for (size_t b = 0; b < cells.size(); ++b) {
      offsets.data<int64_t>()[b] = total;
      const std::span<const int64_t> at = cells[b].block->offsets(field);
      total += at[cells[b].row + 1] - at[cells[b].row];
    }
    Tensor result({total}, DType::i64);
    auto* out = result.data<int64_t>();
    for (const Cell& cell : cells) {
      const std::span<const int64_t> at = cell.block->offsets(field);
      const std::span<const int32_t> all = cell.block->ids(field);
      for (int64_t i = at[cell.row]; i < at[cell.row + 1]; ++i)
        *out++ = all[static_cast<size_t>(i)];
    }
    return {result, offsets, {}};
  }

  static Tensor labels(const std::vector<Cell>& cells, int64_t label) {
    Tensor result({static_cast<int64_t>(cells.size())}, DType::f32);
    auto* out = result.data<float>();
    for (const Cell& cell : cells) *out++ = cell.block->labels(label)[cell.row];
    return result;
  }

  const Schema& schema_;
  const BlockFile& blocks_;
  int64_t domain_, group_;
};

}  // namespace

struct BatchLoader::State {
  State(const Dataset& data, Split split, const LoaderOptions& given)
      : options(given),
        rows(given.rows ? std::ssize(*given.rows) : data.rows(split)),
        chosen(data.chosen[static_cast<size_t>(split)]),
        reader(data, split),
        order(rows, data.blocks(split).rows_per_block(),
              {given.shuffle, given.seed, given.epoch, given.window_rows}),
        batches((rows + given.batch_size - 1) / given.batch_size),
        taken(given.first_batch),
        started(given.first_batch) {
    for (int64_t w = 0; w < options.workers; ++w) workers.emplace_back([this] { work(); });
  }

  ~State() {
    {
      std::lock_guard lock(mutex);
      stopping = true;
    }
    changed.notify_all();
    for (std::thread& worker : workers) worker.join();
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  Batch make(int64_t index) const {
    AllocatorScope scope(arena);
    const int64_t begin = index * options.batch_size;
    std::vector<int64_t> at = order.rows_at(begin, std::min(rows, begin + options.batch_size));
    for (int64_t& row : at) {
      if (options.rows) row = (*options.rows)[static_cast<size_t>(row)];
      if (chosen) row = (*chosen)[static_cast<size_t>(row)];
    }
    return reader.read(at);
  }

  // Takes the next number while fewer than `ahead` batches wait, makes it, leaves it to next().
  void work() {
    std::unique_lock lock(mutex);
    while (true) {
      changed.wait(
          lock, [&] { return stopping || (started < batches && started < taken + options.ahead); });
      if (stopping) return;
      const int64_t index = started++;
      lock.unlock();
      Made made;
      try {
        made.batch = make(index);
      } catch (...) {
        made.failure = std::current_exception();
      }
      lock.lock();
      waiting.emplace(index, std::move(made));
      changed.notify_all();
    }
  }

  Batch take() {
    const int64_t index = taken;
    if (options.workers == 0) {
      ++taken;
      return make(index);
    }
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return waiting.contains(index); });
    Made made = std::move(waiting.extract(index).mapped());
    ++taken;
    lock.unlock();
    changed.notify_all();
    if (made.failure) std::rethrow_exception(made.failure);
    return std::move(made.batch);
  }

  struct Made {
    Batch batch;
    std::exception_ptr failure;
  };

  LoaderOptions options;
  int64_t rows;
  std::shared_ptr<const std::vector<uint32_t>> chosen;
  RowReader reader;
  RowOrder order;
  int64_t batches;
  std::shared_ptr<Arena> arena = std::make_shared<Arena>();

  std::mutex mutex;
  std::condition_variable changed;
  std::map<int64_t, Made> waiting;
  int64_t taken;    // batches that next() gave out
  int64_t started;  // batches that a worker began
  bool stopping = false;
  std::vector<std::thread> workers;
};

BatchLoader::BatchLoader(const Dataset& data, Split split, const LoaderOptions& options)
    : state_(std::make_unique<State>(data, split, options)) {}

BatchLoader::~BatchLoader() = default;

int64_t BatchLoader::batches() const { return state_->batches; }

bool BatchLoader::next(Batch& batch) {
  if (state_->taken >= state_->batches) return false;
  batch = state_->take();
  return true;
}

}  // namespace ctr
