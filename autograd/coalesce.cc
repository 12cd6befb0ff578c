#include "autograd/coalesce.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <utility>

#include "engine/check.h"
#include "engine/parallel.h"
#include "engine/prefetch.h"
#include "engine/profile.h"

namespace ctr {
namespace {

// An entry of a gradient in 64 bits: the row it adds to above its number among all entries.
using Key = uint64_t;
constexpr int kNumberBits = 32;

uint32_t row_of(Key key) { return static_cast<uint32_t>(key >> kNumberBits); }
uint32_t number_of(Key key) { return static_cast<uint32_t>(key); }

int64_t count_entries(const RowGradient& gradient) {
  int64_t count = 0;
  for (const RowPart& part : gradient.parts) count += part.ids.count();
  return count;
}

// Where one gradient's work lies in the scratch memory of all of them.
struct Job {
  Job(const RowGradient* of, Key* at, Key* spare, uint32_t* run_begins, const Job* sorted)
      : gradient(of), keys(at), other(spare), runs(run_begins), same_ids(sorted) {}

  const RowGradient* gradient;
  Key* keys;       // [entries]; sorted, then padding left out
  Key* other;      // [entries]
  uint32_t* runs;  // [entries + 1]: where each run of one row begins
  int64_t entries = 0;
  int64_t rows = 0;     // runs
  const Job* same_ids;  // or none: an earlier one whose sorted keys serve this one too

  bool has_ids_of(const RowGradient& other) const {
    return gradient->table_rows == other.table_rows && gradient->padding == other.padding &&
           std::equal(gradient->parts.begin(), gradient->parts.end(), other.parts.begin(),
                      other.parts.end(), [](const RowPart& a, const RowPart& b) {
                        return a.ids.data<int64_t>() == b.ids.data<int64_t>() &&
                               a.ids.count() == b.ids.count();
                      });
  }

  void sort_by_row() {
    if (same_ids != nullptr) return;
    write_keys();
    sort();
    find_runs();
  }

  void take_from_same() {
    if (same_ids == nullptr) return;
    keys = same_ids->keys;
    runs = same_ids->runs;
    entries = same_ids->entries;
    rows = same_ids->rows;
  }

 private:
  void write_keys() {
    Key* next = keys;
    uint32_t number = 0;
    for (const RowPart& part : gradient->parts) {
      const auto* ids = part.ids.data<int64_t>();
      for (int64_t i = 0; i < part.ids.count(); ++i, ++number) {
        *next = static_cast<Key>(ids[i]) << kNumberBits | number;
        next += ids[i] != gradient->padding;
      }
    }
    entries = next - keys;
  }

  // Least-significant-digit radix sort: stable, and linear in the entries. The bits of a row are
  // spread evenly over as few passes as digits of at most 11 bits allow.
  void sort() {
    constexpr int kMostBits = 11;
    const auto last = static_cast<uint64_t>(std::max<int64_t>(gradient->table_rows - 1, 1));
    const int bits = std::bit_width(last), passes = (bits + kMostBits - 1) / kMostBits;
    const int digit_bits = (bits + passes - 1) / passes;
    const Key mask = (Key{1} << digit_bits) - 1;
    for (int pass = 0; pass < passes; ++pass) {
      const int shift = kNumberBits + pass * digit_bits;
      std::array<uint32_t, (1 << kMostBits) + 1> begin;
      std::fill_n(begin.begin(), mask + 2, 0);
      for (int64_t i = 0; i < entries; ++i) ++begin[((keys[i] >> shift) & mask) + 1];
      for (Key digit = 1; digit <= mask; ++digit) begin[digit] += begin[digit - 1];
      for (int64_t i = 0; i < entries; ++i) other[begin[(keys[i] >> shift) & mask]++] = keys[i];
      std::swap(keys, other);
    }
  }

  void find_runs() {
    rows = 0;
    for (int64_t i = 0; i < entries; ++i) {
      if (i == 0 || row_of(keys[i]) != row_of(keys[i - 1])) runs[rows++] = static_cast<uint32_t>(i);
    }
    runs[rows] = static_cast<uint32_t>(entries);
  }
};

// Finds the values of an entry.
template <class T>
class Values {
 public:
  explicit Values(const RowGradient& gradient) : parts_(gradient.parts), first_(parts_[0]) {}
  const T* of(Key key) const {
    int64_t number = number_of(key);
    if (number < first_.count) return first_.begin + number * first_.stride;
    const RowPart* part = parts_.data();
    for (; number >= part->ids.count(); ++part) number -= part->ids.count();
    const Part rest(*part);
    return rest.begin + number * rest.stride;
  }

 private:
  struct Part {
    explicit Part(const RowPart& part)
        : begin(part.values.template data<T>() + part.offset),
          stride(part.stride),
          count(part.ids.count()) {}
    const T* begin;
    int64_t stride, count;
  };
  const std::vector<RowPart>& parts_;
  const Part first_;
};

// kWidth: the gradient's width where it is known when compiling, else 0.
template <class T, int kWidth>
void sum_runs(const Job& job, CoalescedRows& result) {
  constexpr int64_t kAhead = 16;
  const int64_t width = kWidth > 0 ? kWidth : job.gradient->width;
  const Values<T> values(*job.gradient);
  auto* ids = result.ids.data<int64_t>();
  T* sums = result.values.data<T>();
  parallel_rows(job.rows, 4 * width, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      T* sum = sums + row * width;
      const uint32_t first = job.runs[row], last = job.runs[row + 1];
      ids[row] = row_of(job.keys[first]);
      for (uint32_t at = first; at < last; ++at) {
        if (at + kAhead < job.entries) prefetch_lines(values.of(job.keys[at + kAhead]), width);
        const T* one = values.of(job.keys[at]);
        if (at == first) {
          std::copy_n(one, width, sum);
        } else {
          for (int64_t k = 0; k < width; ++k) sum[k] += one[k];
        }
      }
    }
  });
}

void sum_rows(const Job& job, CoalescedRows& result) {
  visit_float(result.values.dtype(), "coalesce", [&](auto zero) {
    using T = decltype(zero);
    switch (job.gradient->width) {
      case 1:
        return sum_runs<T, 1>(job, result);
      case 8:
        return sum_runs<T, 8>(job, result);
      case 16:
        return sum_runs<T, 16>(job, result);
      case 32:
        return sum_runs<T, 32>(job, result);
      default:
        return sum_runs<T, 0>(job, result);
    }
  });
}

int64_t count_all_entries(std::span<const RowGradient* const> gradients) {
  int64_t total = 0;
  for (const RowGradient* gradient : gradients) {
    CTR_ASSERT(!gradient->parts.empty());
    const int64_t entries = count_entries(*gradient);
    CTR_CHECK(gradient->table_rows <= int64_t{1} << 32 && entries < int64_t{1} << kNumberBits,
              "coalesce: a table of at most 2^32 rows and fewer than 2^32 entries are supported, "
              "got {} and {}",
              gradient->table_rows, entries);
    total += entries;
  }
  return total;
}

int64_t bytes_of_entries(std::span<const RowGradient* const> gradients) {
  int64_t bytes = 0;
  for (const RowGradient* gradient : gradients)
    bytes += count_entries(*gradient) * gradient->width *
             static_cast<int64_t>(size_of(gradient->parts[0].values.dtype()));
  return bytes;
}

// keys [2, entries of all], runs [entries of all + gradients].
StepVector<Job> make_jobs(std::span<const RowGradient* const> gradients, Tensor& keys,
                          Tensor& runs) {
  StepVector<Job> jobs;
  jobs.reserve(gradients.size());
  int64_t begin = 0;
  for (const RowGradient* gradient : gradients) {
    const auto same = std::find_if(jobs.begin(), jobs.end(), [&](const Job& earlier) {
      return earlier.same_ids == nullptr && earlier.has_ids_of(*gradient);
    });
    const Job* sorted = same == jobs.end() ? nullptr : &*same;
    auto* first = reinterpret_cast<Key*>(keys.data<int64_t>()) + begin;
    auto* run = reinterpret_cast<uint32_t*>(runs.data<int32_t>()) + begin +
                static_cast<int64_t>(jobs.size());
    jobs.push_back(Job(gradient, first, first + keys.dim(1), run, sorted));
    begin += count_entries(*gradient);
  }
  return jobs;
}

}  // namespace

StepVector<CoalescedRows> coalesce(std::span<const RowGradient* const> gradients) {
  if (gradients.empty()) return {};
  const auto count = static_cast<int64_t>(gradients.size());
  const int64_t total = count_all_entries(gradients);
  Tensor keys({2, total}, DType::i64), runs({total + count}, DType::i32);
  StepVector<Job> jobs = make_jobs(gradients, keys, runs);
  parallel_tasks(count, 16 * total, [&](int64_t i) { jobs[static_cast<size_t>(i)].sort_by_row(); });
  for (Job& job : jobs) job.take_from_same();
  if (Profile::current() != nullptr) profile_read(bytes_of_entries(gradients));
  // Room for rows that are all different: the same sizes in each step, so that memory is reused.
  StepVector<CoalescedRows> results;
  for (const Job& job : jobs) {
    const int64_t most = count_entries(*job.gradient);
    const Tensor ids({most}, DType::i64);
    const Tensor values({most, job.gradient->width}, job.gradient->parts[0].values.dtype());
    results.push_back({ids.rows(0, job.rows), values.rows(0, job.rows)});
  }
  parallel_tasks(count, 4 * total * gradients[0]->width, [&](int64_t i) {
    sum_rows(jobs[static_cast<size_t>(i)], results[static_cast<size_t>(i)]);
  });
  return results;
}

CoalescedRows coalesce(const RowGradient& gradient) {
  const RowGradient* one = &gradient;
  return std::move(coalesce({&one, 1})[0]);
}

void put_rows(const CoalescedRows& rows, Tensor& table) {
  const auto* ids = rows.ids.data<int64_t>();
  const size_t bytes = static_cast<size_t>(rows.values.dim(1)) * size_of(rows.values.dtype());
  for (int64_t i = 0; i < rows.ids.count(); ++i) {
    std::memcpy(static_cast<char*>(table.raw()) + static_cast<size_t>(ids[i]) * bytes,
                static_cast<const char*>(rows.values.raw()) + static_cast<size_t>(i) * bytes,
                bytes);
  }
}

}  // namespace ctr
