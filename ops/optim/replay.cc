#include "ops/optim/replay.h"

#include <algorithm>
#include <array>
#include <limits>

#include "engine/check.h"
#include "engine/launch.h"
#include "engine/parallel.h"
#include "engine/prefetch.h"
#include "engine/step_vector.h"
#include "ops/optim/replay_bodies.h"
#include "ops/optim/visit_rule.h"

namespace ctr {
namespace {

// After so many steps every row is caught up, whether or not anybody reads it: the history stays
// small.
constexpr int64_t kMostHistory = 1 << 14;
constexpr int64_t kBlock = 4096;  // rows that are sorted together

// A late row: the place in the history of the first step that it lacks, above its number.
using Key = int64_t;
using Keys = std::array<Key, kBlock>;
Key key_of(int64_t first, int64_t row) { return first << 32 | row; }

// By the first step: two passes of a stable radix sort, 14 bits together.
void sort_by_first(Keys& keys, int64_t count) {
  constexpr int kBits = 7;
  constexpr Key kMask = (1 << kBits) - 1;
  static_assert(kMostHistory <= 1 << (2 * kBits));
  Keys spare;
  Key *from = keys.data(), *to = spare.data();
  for (int shift : {32, 32 + kBits}) {
    std::array<int32_t, kMask + 2> begin{};
    for (int64_t i = 0; i < count; ++i)
      ++begin[static_cast<size_t>((from[i] >> shift) & kMask) + 1];
    for (size_t digit = 1; digit <= kMask; ++digit) begin[digit] += begin[digit - 1];
    for (int64_t i = 0; i < count; ++i)
      to[begin[static_cast<size_t>((from[i] >> shift) & kMask)]++] = from[i];
    std::swap(from, to);
  }
}

template <class Rule, class T>
class ReplayedTableOf final : public ReplayedTable {
 public:
  ReplayedTableOf(const Tensor& weight, const Tensor& state, double lambda)
      : ReplayedTable(lambda),
        rows_(rows_of(weight)),
        width_(width_of(weight)),
        state_(state),
        last_(Tensor::zeros({rows_}, DType::i32)) {
    CTR_CHECK(rows_ <= int64_t{1} << 32,
              "replay: a table of at most 2^32 rows is supported, got {}", rows_);
    history_.reserve(1024);
  }

  void catch_up(Tensor table, const Tensor& ids) override;
  void catch_up(Tensor table) override;
  void step(Tensor weight, const CoalescedRows& rows, const RuleOptions& options, int64_t step,
            double factor) override;
  bool caught_up() const override { return history_.empty(); }

 private:
  using Body = ReplayRows<Rule, T>;

  int64_t now() const { return base_ + std::ssize(history_); }
  void add_late(int64_t row, Keys& keys, int64_t& count);
  void replay(Tensor& table, Keys& keys, int64_t count) const;
  // A rule without state still gets a pointer to add zero to.
  T* state(Tensor& table) const {
    Tensor state = state_.defined() ? state_ : table;
    return state.data<T>();
  }

  int64_t rows_, width_;
  Tensor state_;  // shared with the optimizer
  // Steps are counted from the table's first one. A row stands after step max(last, base); history
  // holds the steps after base.
  Tensor last_;  // i32 [rows]
  int64_t base_ = 0;
  StepVector<MissedStep<Rule, T>> history_;
  Rule all_{};  // widened over the history
};

template <class Rule, class T>
void ReplayedTableOf<Rule, T>::add_late(int64_t row, Keys& keys, int64_t& count) {
  int32_t& last = last_.data<int32_t>()[row];
  const int64_t stands = std::max<int64_t>(last, base_);
  if (stands == now()) return;
  last = static_cast<int32_t>(now());
  keys[static_cast<size_t>(count++)] = key_of(stands - base_, row);
}

template <class Rule, class T>
void ReplayedTableOf<Rule, T>::replay(Tensor& table, Keys& keys, int64_t count) const {
  if (count == 0) return;
  sort_by_first(keys, count);
  const Body body{keys.data(),     count,        history_.data(), std::ssize(history_),   all_,
                  table.data<T>(), state(table), width_,          static_cast<T>(lambda_)};
  constexpr int64_t kTask = 8;  // packs; those of rows that lack much take longer
  const int64_t packs = body.packs();
  parallel_tasks((packs + kTask - 1) / kTask, packs * body.work(), [&](int64_t task) {
    const Body local = body;
    for (int64_t p = task * kTask; p < std::min(packs, (task + 1) * kTask); ++p) local(p);
  });
}

template <class Rule, class T>
void ReplayedTableOf<Rule, T>::catch_up(Tensor table, const Tensor& ids) {
  constexpr int64_t kAhead = 32;
  if (caught_up()) return;
  const int32_t* last = last_.data<int32_t>();
  const T* weight = table.data<T>();
  const T* numbers = state(table);
  const int64_t* id = ids.data<int64_t>();
  for (int64_t begin = 0; begin < ids.count(); begin += kBlock) {
    const int64_t end = std::min(ids.count(), begin + kBlock);
    Keys keys;
    int64_t count = 0;
    for (int64_t i = begin; i < end; ++i) {
      if (i + kAhead < end) __builtin_prefetch(last + id[i + kAhead]);
      if (id[i] < 0) continue;
      const int64_t before = count;
      add_late(id[i], keys, count);
      if (count == before) continue;
      prefetch_lines(weight + id[i] * width_, width_);
      prefetch_lines(numbers + id[i] * Rule::kState * width_, Rule::kState * width_);
    }
    replay(table, keys, count);
  }
}

template <class Rule, class T>
void ReplayedTableOf<Rule, T>::catch_up(Tensor table) {
  if (caught_up()) return;
  const int64_t blocks = (rows_ + kBlock - 1) / kBlock;
  parallel_tasks(blocks, rows_ * width_ * std::ssize(history_), [&](int64_t block) {
    Keys keys;
    int64_t count = 0;
    for (int64_t r = block * kBlock; r < std::min(rows_, (block + 1) * kBlock); ++r)
      add_late(r, keys, count);
    Tensor shared = table;
    replay(shared, keys, count);
  });
  base_ = now();
  history_.clear();
}

template <class Rule, class T>
void ReplayedTableOf<Rule, T>::step(Tensor weight, const CoalescedRows& rows,
                                    const RuleOptions& options, int64_t step, double factor) {
  CTR_CHECK(now() < std::numeric_limits<int32_t>::max(), "replay: more than 2^31 steps");
  visit_rule<T>(options, step, false, [&](const auto& rule) {
    if constexpr (std::is_same_v<std::decay_t<decltype(rule)>, Rule>) {
      for_each_2d(weight.device(), rows.ids.count(), width_,
                  RowUpdate<Rule, T>{rows.ids.data<int64_t>(), rows.values.data<T>(),
                                     weight.data<T>(), state(weight), width_, rule});
      if constexpr (!Idle<Rule>::kRests) {
        if (history_.empty()) all_ = rule;
        Idle<Rule>::widen(all_, rule);
      }
      history_.push_back({rule, static_cast<T>(factor)});
    }
  });
  int32_t* last = last_.data<int32_t>();
  for (const int64_t id : rows.ids.span<int64_t>()) last[id] = static_cast<int32_t>(now());
  if (norms_.measured()) norms_.measure(weight, rows.ids);
  if (std::ssize(history_) == kMostHistory) catch_up(weight);
}

}  // namespace

const std::vector<std::string>& replayed_rules() {
  static const std::vector<std::string> names = {"adam",     "adam-tf", "adamw",  "sgd",
                                                 "momentum", "adagrad", "rmsprop"};
  return names;
}

bool rests(const RuleOptions& options, double lambda) {
  return lambda == 0 && (options.rule == "sgd" || options.rule == "adagrad");
}

std::shared_ptr<ReplayedTable> make_replayed_table(const RuleOptions& options, const Tensor& weight,
                                                   const Tensor& state, double lambda) {
  std::shared_ptr<ReplayedTable> table;
  visit_float(weight.dtype(), "replay", [&](auto zero) {
    using T = decltype(zero);
    visit_rule<T>(options, 1, false, [&](const auto& rule) {
      using Rule = std::decay_t<decltype(rule)>;
      if constexpr (requires { Idle<Rule>::kRests; })
        table = std::make_shared<ReplayedTableOf<Rule, T>>(weight, state, lambda);
    });
  });
  CTR_ASSERT(table != nullptr);
  return table;
}

}  // namespace ctr
