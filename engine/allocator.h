#pragma once
// Host memory for tensors: the heap for what lives long, an arena for what one training step makes.

#include <cstddef>
#include <cstdint>
#include <memory>

namespace ctr {

// Blocks are 64-byte aligned. Thread-safe: a block may be released by another thread than the one
// that took it.
class Allocator {
 public:
  virtual ~Allocator() = default;
  virtual void* allocate(size_t bytes) = 0;
  virtual void release(void* block, size_t bytes) noexcept = 0;
};

// A mapping of huge pages, where the system has them, for each block of 1 MiB or more; malloc for
// smaller ones.
std::shared_ptr<Allocator> heap_allocator();

// Makes malloc grow its heap 16 MiB at a time and return nothing of it to the system, so that the
// small buffers that libraries take and free in every step cost no system call. Of the process as a
// whole: a program calls it first of all. Without effect where the C library has no such settings.
void keep_heap();

// A pool of size classes (eight per power of two). Released blocks are kept and handed out again,
// so a step that repeats its allocations asks the system for nothing. Memory returns to the system
// when the arena and the last tensor in it are gone: a tensor that outlives its step stays valid.
class Arena final : public Allocator {
 public:
  Arena();
  ~Arena() override;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  void* allocate(size_t bytes) override;
  void release(void* block, size_t bytes) noexcept override;

  int64_t system_calls() const;    // mappings made so far
  int64_t bytes_reserved() const;  // taken from the system

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The allocator of tensors that this thread makes; the heap by default.
const std::shared_ptr<Allocator>& current_allocator();

// Makes `allocator` current on this thread while in scope.
class AllocatorScope {
 public:
  explicit AllocatorScope(std::shared_ptr<Allocator> allocator);
  ~AllocatorScope();
  AllocatorScope(const AllocatorScope&) = delete;
  AllocatorScope& operator=(const AllocatorScope&) = delete;

 private:
  std::shared_ptr<Allocator> previous_;
};

// While in scope every new tensor on any thread is filled with 0xFF bytes: NaN in floats, -1 in
// integers. Tests use it to show that kernels write all of their outputs.
class PoisonScope {
 public:
  PoisonScope();
  ~PoisonScope();
  PoisonScope(const PoisonScope&) = delete;
  PoisonScope& operator=(const PoisonScope&) = delete;
  static bool active();
};

}  // namespace ctr
