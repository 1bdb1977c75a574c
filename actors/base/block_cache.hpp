/// Memory for events. An event lives for a short time, and hundreds of them
/// live together. malloc() keeps seven freed blocks of a size at hand and puts
/// the others back among those that it searches. Here a thread may keep more.
#pragma once

#include <cstddef>

namespace clearance::actors {

/// From now on this thread keeps blocks that it gives back, until it ends. A
/// thread calls this when it starts.
void keep_blocks() noexcept;

/// A block of at least `bytes` bytes, aligned as by operator new: one that this
/// thread has kept, or a fresh one. Throws std::bad_alloc.
void* take_block(std::size_t bytes);

/// Keeps a block of take_block(bytes) for the next one of that size, or frees
/// it if this thread keeps none, or has kept enough
/// (limits::kept_blocks_max_bytes). Any thread may give it back.
void give_block_back(void* block, std::size_t bytes) noexcept;

/// Frees all that this thread has kept. The end of a thread does that, too.
void free_kept_blocks() noexcept;

/// What this thread has kept.
std::size_t kept_block_bytes() noexcept;

/// For std::allocate_shared.
template <class T>
struct block_allocator {
  using value_type = T;

  block_allocator() = default;
  template <class U>
  block_allocator(const block_allocator<U>&) noexcept {
    // nop
  }

  T* allocate(std::size_t count) {
    static_assert(alignof(T) <= __STDCPP_DEFAULT_NEW_ALIGNMENT__);
    return static_cast<T*>(take_block(count * sizeof(T)));
  }
  void deallocate(T* what, std::size_t count) noexcept {
    give_block_back(what, count * sizeof(T));
  }

  friend bool operator==(block_allocator, block_allocator) noexcept {
    return true;
  }
};

} // namespace clearance::actors
