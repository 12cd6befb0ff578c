#pragma once
// Lists that one training step makes and the next makes again.

#include <memory>
#include <type_traits>
#include <vector>

#include "engine/allocator.h"

namespace ctr {

// Takes memory from the allocator that was current on the thread when the container was made.
template <class T>
class StepAllocator {
 public:
  using value_type = T;
  using propagate_on_container_move_assignment = std::true_type;
  using propagate_on_container_swap = std::true_type;

  StepAllocator() : from_(current_allocator()) {}
  template <class U>
  StepAllocator(const StepAllocator<U>& other) : from_(other.from()) {}

  T* allocate(size_t count) { return static_cast<T*>(from_->allocate(count * sizeof(T))); }
  void deallocate(T* block, size_t count) noexcept { from_->release(block, count * sizeof(T)); }

  const std::shared_ptr<Allocator>& from() const { return from_; }
  template <class U>
  bool operator==(const StepAllocator<U>& other) const {
    return from_ == other.from();
  }

 private:
  std::shared_ptr<Allocator> from_;
};

// A vector in the arena, if there is one: in a step like the one before, it asks the system for
// nothing.
template <class T>
using StepVector = std::vector<T, StepAllocator<T>>;

}  // namespace ctr
