// After its first steps, training asks the system for no memory: no mmap and no brk by anyone, no
// allocation of 4 KiB or more by the engine. This program's own malloc and mmap count.

#include <dlfcn.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdlib>
#include <cstring>
#include <new>

#include <gtest/gtest.h>

#include "engine/allocator.h"
#include "tools/bench/workload.h"

namespace {

constexpr size_t kLarge = 4096;

struct Counts {
  std::atomic<bool> on = false;
  std::atomic<long> large = 0;    // of the engine
  std::atomic<long> library = 0;  // of libraries
  std::atomic<long> maps = 0;
  std::atomic<void*> first = nullptr;  // caller of the first of the engine's
};
Counts counts;

bool in_library(void* caller) {
  Dl_info info{};
  return dladdr(caller, &info) != 0 && info.dli_fname != nullptr &&
         (std::strstr(info.dli_fname, "libdnnl") != nullptr ||
          std::strstr(info.dli_fname, "libgomp") != nullptr);
}

void count(size_t bytes, void* caller) {
  if (bytes < kLarge || !counts.on) return;
  counts.on = false;  // dladdr may allocate
  if (in_library(caller)) {
    ++counts.library;
  } else {
    ++counts.large;
    void* none = nullptr;
    counts.first.compare_exchange_strong(none, caller);
  }
  counts.on = true;
}

}  // namespace

extern "C" {

void* __libc_malloc(size_t);
void* __libc_calloc(size_t, size_t);
void* __libc_realloc(void*, size_t);
void* __libc_memalign(size_t, size_t);
void __libc_free(void*);

void* malloc(size_t bytes) {
  count(bytes, __builtin_return_address(0));
  return __libc_malloc(bytes);
}
void* calloc(size_t n, size_t bytes) {
  count(n * bytes, __builtin_return_address(0));
  return __libc_calloc(n, bytes);
}
void* realloc(void* block, size_t bytes) {
  count(bytes, __builtin_return_address(0));
  return __libc_realloc(block, bytes);
}
void* aligned_alloc(size_t alignment, size_t bytes) {
  count(bytes, __builtin_return_address(0));
  return __libc_memalign(alignment, bytes);
}
int posix_memalign(void** block, size_t alignment, size_t bytes) {
  count(bytes, __builtin_return_address(0));
  *block = __libc_memalign(alignment, bytes);
  return *block == nullptr ? ENOMEM : 0;
}
void* mmap(void* at, size_t bytes, int protection, int flags, int file, off_t offset) {
  using Map = void* (*)(void*, size_t, int, int, int, off_t);
  static const Map next = reinterpret_cast<Map>(dlsym(RTLD_NEXT, "mmap"));
  if (counts.on) ++counts.maps;
  return next(at, bytes, protection, flags, file, offset);
}

}  // extern "C"

// libstdc++'s calls malloc itself and would hide its caller.
void* operator new(size_t bytes) {
  count(bytes, __builtin_return_address(0));
  if (void* block = __libc_malloc(bytes)) return block;
  throw std::bad_alloc();
}
void operator delete(void* block) noexcept { __libc_free(block); }
void operator delete(void* block, size_t) noexcept { __libc_free(block); }

namespace ctr {
namespace {

struct Case {
  const char* model;
  const char* embeddings = "plain";
  int warm_up = 3;  // steps
  const char* shape = "criteo";
};
void PrintTo(const Case& one, std::ostream* out) { *out << one.model << ' ' << one.embeddings; }

class Allocations : public testing::TestWithParam<Case> {};

TEST_P(Allocations, StopAfterTheFirstSteps) {
  keep_heap();
  WorkloadOptions options;
  options.sizes = "peer";
  options.model = GetParam().model;
  options.shape = GetParam().shape;
  options.model_options = {{"embeddings", GetParam().embeddings, "test"},
                           {"dhe_hashes", "32", "test"},
                           {"dhe_decoder_units", "32,32", "test"},
                           {"hidden_units", "256,128", "test"}};
  options.fields = 13;
  options.batch_size = options.shape == "amazon" ? 200 : 2048;
  options.vocabulary = 100'000;
  auto arena = std::make_shared<Arena>();
  const AllocatorScope scope(arena);
  Workload workload(options);
  for (int step = 0; step < GetParam().warm_up; ++step) workload.step();
  const int64_t reserved = arena->system_calls();
  const auto mapped = mallinfo2().hblks;
  void* const end = sbrk(0);
  counts.on = true;
  for (int step = 0; step < 8; ++step) workload.step();
  counts.on = false;
  EXPECT_EQ(arena->system_calls(), reserved);
  EXPECT_EQ(mallinfo2().hblks, mapped) << "blocks that malloc mapped";
  EXPECT_EQ(sbrk(0), end) << "brk";
  EXPECT_EQ(counts.maps, 0);
  Dl_info info{};
  const void* caller = counts.first.load();
  if (caller != nullptr) dladdr(caller, &info);
  EXPECT_EQ(counts.large, 0) << "by " << (info.dli_sname != nullptr ? info.dli_sname : "?");
  RecordProperty("allocations_of_4_KiB_in_libraries", static_cast<int>(counts.library));
  counts.library = 0;
}

// DHE's sizes follow the distinct ids of a batch, STAR's the rows of its domains: they have met
// them once the eight batches are through; sequence models the numbers of places.
INSTANTIATE_TEST_SUITE_P(
    Models, Allocations,
    testing::Values(Case{"lr"}, Case{"mlp"}, Case{"deepfm"}, Case{"apg"}, Case{"mlora"},
                    Case{"dcn"}, Case{"dcnv2"}, Case{"gdcn"}, Case{"edcn"}, Case{"xdeepfm"},
                    Case{"autoint"}, Case{"afn"}, Case{"deepim"}, Case{"finalmlp"}, Case{"masknet"},
                    Case{"mlp", "hash"}, Case{"mlp", "quotient-remainder"}, Case{"mlp", "dhe", 8},
                    Case{"star", "plain", 3, "taobao-10"}, Case{"nextitnet", "plain", 8, "amazon"},
                    Case{"peterrec", "plain", 8, "amazon"}, Case{"sasrec", "plain", 8, "amazon"},
                    Case{"gru4rec", "plain", 8, "amazon"}, Case{"encoder", "plain", 8, "amazon"}));

}  // namespace
}  // namespace ctr
