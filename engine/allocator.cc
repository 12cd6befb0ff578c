#include "engine/allocator.h"

#include <malloc.h>
#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstdlib>
#include <limits>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

namespace ctr {
namespace {

constexpr size_t kAlignment = 64;
constexpr size_t kHugePage = size_t{2} << 20;
constexpr size_t kMapped = size_t{1} << 20;  // heap blocks of this size have mappings of their own
constexpr size_t kSlab = size_t{4} << 20;
constexpr size_t kLargestInSlab = size_t{1} << 20;

size_t round_up(size_t bytes, size_t unit) { return (bytes + unit - 1) / unit * unit; }

// Of kHugePage or more, blocks begin at a multiple of it: the system can back no other with huge
// pages.
void* map_pages(size_t bytes) {
  const size_t spare = bytes >= kHugePage ? kHugePage : 0;
  void* block =
      mmap(nullptr, bytes + spare, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (block == MAP_FAILED) throw std::bad_alloc();
  if (spare == 0) return block;
  char* begin = static_cast<char*>(block);
  char* aligned = begin + (kHugePage - reinterpret_cast<uintptr_t>(begin) % kHugePage) % kHugePage;
  if (aligned != begin) munmap(begin, static_cast<size_t>(aligned - begin));
  const size_t after = spare - static_cast<size_t>(aligned - begin);
  if (after > 0) munmap(aligned + bytes, after);
  madvise(aligned, bytes, MADV_HUGEPAGE);  // a hint: failure changes nothing
  return aligned;
}

class Heap final : public Allocator {
 public:
  void* allocate(size_t bytes) override {
    if (bytes >= kMapped) return map_pages(round_up(bytes, kHugePage));
    void* block = std::aligned_alloc(kAlignment, round_up(std::max<size_t>(bytes, 1), kAlignment));
    if (block == nullptr) throw std::bad_alloc();
    return block;
  }
  void release(void* block, size_t bytes) noexcept override {
    if (bytes >= kMapped) {
      munmap(block, round_up(bytes, kHugePage));
    } else {
      std::free(block);
    }
  }
};

// Size classes: multiples of 64 bytes up to 512, then eight steps per power of two.
struct SizeClass {
  int index;
  size_t bytes;
};

SizeClass size_class(size_t bytes) {
  size_t size = round_up(std::max(bytes, kAlignment), kAlignment);
  if (size <= 8 * kAlignment) return {static_cast<int>(size / kAlignment), size};
  int power = std::bit_width(size - 1);  // 2^power is the smallest power of two that holds it
  size_t low = size_t{1} << (power - 1);
  size_t step = low / 8;
  size_t steps = (size - low + step - 1) / step;
  return {power * 8 + static_cast<int>(steps), low + steps * step};
}

std::atomic<int> poison_scopes{0};

thread_local std::shared_ptr<Allocator> thread_allocator;

}  // namespace

std::shared_ptr<Allocator> heap_allocator() {
  static const std::shared_ptr<Allocator> heap = std::make_shared<Heap>();
  return heap;
}

void keep_heap() {
#if defined(__GLIBC__)
  mallopt(M_TOP_PAD, 16 << 20);
  mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max());
  mallopt(M_MMAP_THRESHOLD, 4 << 20);
#endif
}

struct Arena::State {
  std::mutex mutex;
  std::vector<std::vector<void*>> free = std::vector<std::vector<void*>>(64 * 8 + 9);
  std::vector<std::pair<void*, size_t>> mappings;
  char* slab_next = nullptr;
  size_t slab_left = 0;
  int64_t reserved = 0;

  void* map(size_t bytes) {
    void* block = map_pages(bytes);
    mappings.emplace_back(block, bytes);
    reserved += static_cast<int64_t>(bytes);
    return block;
  }

  void* fresh(size_t bytes) {
    if (bytes > kLargestInSlab)
      return map(round_up(bytes, bytes >= kHugePage ? kHugePage : size_t{4096}));
    if (bytes > slab_left) {
      slab_next = static_cast<char*>(map(kSlab));
      slab_left = kSlab;
    }
    char* block = slab_next;
    slab_next += bytes;
    slab_left -= bytes;
    return block;
  }
};

Arena::Arena() : state_(std::make_unique<State>()) {}

Arena::~Arena() {
  for (auto [block, bytes] : state_->mappings) munmap(block, bytes);
}

void* Arena::allocate(size_t bytes) {
  SizeClass cls = size_class(bytes);
  std::lock_guard lock(state_->mutex);
  std::vector<void*>& list = state_->free[cls.index];
  if (list.empty()) {
    // Room for the block's return is made now, so that release() never allocates.
    list.reserve(list.capacity() + 1);
    return state_->fresh(cls.bytes);
  }
  void* block = list.back();
  list.pop_back();
  return block;
}

void Arena::release(void* block, size_t bytes) noexcept {
  std::lock_guard lock(state_->mutex);
  state_->free[size_class(bytes).index].push_back(block);
}

int64_t Arena::system_calls() const {
  std::lock_guard lock(state_->mutex);
  return static_cast<int64_t>(state_->mappings.size());
}

int64_t Arena::bytes_reserved() const {
  std::lock_guard lock(state_->mutex);
  return state_->reserved;
}

const std::shared_ptr<Allocator>& current_allocator() {
  if (!thread_allocator) thread_allocator = heap_allocator();
  return thread_allocator;
}

AllocatorScope::AllocatorScope(std::shared_ptr<Allocator> allocator)
    : previous_(std::exchange(thread_allocator, std::move(allocator))) {}

AllocatorScope::~AllocatorScope() { thread_allocator = std::move(previous_); }

PoisonScope::PoisonScope() { ++poison_scopes; }
PoisonScope::~PoisonScope() { --poison_scopes; }
bool PoisonScope::active() { return poison_scopes > 0; }

}  // namespace ctr
