#pragma once
// oneDNN primitives that run on one thread each, several at once.

#include <omp.h>

#include <cstdint>
#include <deque>
#include <exception>
#include <initializer_list>
#include <unordered_map>
#include <utility>
#include <vector>

#include <oneapi/dnnl/dnnl.hpp>

namespace ctr::onednn {

inline dnnl::engine& cpu_engine() {
  static dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

// oneDNN picks its blocking by the number of threads that it may use: one, whatever the machine
// has.
class SingleThread {
 public:
  SingleThread() : before_(omp_get_max_threads()) { omp_set_num_threads(1); }
  ~SingleThread() { omp_set_num_threads(before_); }
  SingleThread(const SingleThread&) = delete;
  SingleThread& operator=(const SingleThread&) = delete;

 private:
  int before_;
};

// A primitive, which threads share, and what each of them needs to run it.
class SharedPrimitive {
 public:
  struct Argument {
    int name;  // DNNL_ARG_…
    dnnl::memory::desc desc;
  };
  struct Data {
    int name;
    const float* at;
  };

  SharedPrimitive(dnnl::primitive primitive, std::vector<Argument> arguments,
                  dnnl::memory::desc scratch)
      : primitive_(std::move(primitive)),
        arguments_(std::move(arguments)),
        scratch_(std::move(scratch)) {}

  // Makes room for this many threads.
  void prepare(int threads) {
    while (threads_.size() < static_cast<size_t>(threads)) {
      auto& own = threads_.emplace_back();
      for (const Argument& argument : arguments_)
        own.emplace(argument.name, dnnl::memory(argument.desc, cpu_engine(), nullptr));
      own.emplace(DNNL_ARG_SCRATCHPAD, dnnl::memory(scratch_, cpu_engine()));
    }
  }

  void run(std::initializer_list<Data> data) {
    auto& own = threads_[static_cast<size_t>(omp_get_thread_num())];
    for (const Data& one : data) {
      if (one.at != nullptr) own.at(one.name).set_data_handle(const_cast<float*>(one.at));
    }
    const SingleThread guard;
    thread_local dnnl::stream stream(cpu_engine());
    primitive_.execute(stream, own);
  }

 private:
  dnnl::primitive primitive_;
  std::vector<Argument> arguments_;
  dnnl::memory::desc scratch_;
  std::deque<std::unordered_map<int, dnnl::memory>> threads_;
};

// Threads that run_blocks() will use here.
inline int block_threads() { return omp_in_parallel() ? 1 : omp_get_max_threads(); }

// Calls f(block) for each block, on several threads; throws the last exception of any.
template <class F>
void run_blocks(int64_t blocks, const F& f) {
  std::exception_ptr failure;
#pragma omp parallel for schedule(dynamic, 1) if (blocks > 1 && block_threads() > 1)
  for (int64_t block = 0; block < blocks; ++block) {
    try {
      f(block);
    } catch (...) {
#pragma omp critical(ctr_gemm_failure)
      failure = std::current_exception();
    }
  }
  if (failure) std::rethrow_exception(failure);
}

// Shapes of a training run are few: this bounds odd uses.
constexpr size_t kMostCached = 4096;

// Of the fields of a key.
inline size_t hash_of(std::initializer_list<int64_t> values) {
  uint64_t hash = 0xCBF29CE484222325u;
  for (int64_t value : values) {
    hash = (hash ^ static_cast<uint64_t>(value)) * 0x9E3779B97F4A7C15u;
    hash ^= hash >> 29;
  }
  return hash;
}

// What follows a product: the sum with what its target holds, ReLU.
inline dnnl::post_ops post_ops(bool add, bool relu) {
  dnnl::post_ops after;
  if (add) after.append_sum();
#if DNNL_VERSION_MAJOR >= 3
  if (relu) after.append_eltwise(dnnl::algorithm::eltwise_relu, 0.f, 0.f);
#else
  if (relu) after.append_eltwise(1.f, dnnl::algorithm::eltwise_relu, 0.f, 0.f);
#endif
  return after;
}

}  // namespace ctr::onednn
