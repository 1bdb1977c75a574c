/// Memory that the bench shares with the processes that it forks.
#pragma once

#include "test/support/deadline.hpp"

#include <cstddef>
#include <sys/mman.h>
#include <type_traits>

namespace clearance::bench {

/// `size` zeros, shared with forked processes. Only touched pages use memory.
template <class T>
class shared_array {
  static_assert(std::is_trivially_destructible_v<T>);

public:
  explicit shared_array(std::size_t size)
      : size_(size > 0 ? size : 1),
        data_(::mmap(nullptr, size_ * sizeof(T), PROT_READ | PROT_WRITE,
                     MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)) {
    if (data_ == MAP_FAILED)
      test::fail_with_errno("mmap");
  }
  ~shared_array() { ::munmap(data_, size_ * sizeof(T)); }
  shared_array(const shared_array&) = delete;
  shared_array& operator=(const shared_array&) = delete;

  T& operator[](std::size_t i) noexcept { return static_cast<T*>(data_)[i]; }
  T* begin() noexcept { return static_cast<T*>(data_); }

private:
  std::size_t size_;
  void* data_;
};

} // namespace clearance::bench
