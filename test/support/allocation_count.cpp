#include "test/support/allocation_count.hpp"

#include <atomic>
#include <cstdlib>
#include <malloc.h>
#include <new>

namespace {

std::atomic<std::size_t> count{0};
std::atomic<std::size_t> bytes{0};

void release(void* p) noexcept {
  bytes.fetch_sub(::malloc_usable_size(p), std::memory_order_relaxed);
  std::free(p);
}

} // namespace

// The array and nothrow forms of the standard library call these two.
void* operator new(std::size_t size) {
  count.fetch_add(1, std::memory_order_relaxed);
  if (auto* p = std::malloc(size == 0 ? 1 : size)) {
    bytes.fetch_add(::malloc_usable_size(p), std::memory_order_relaxed);
    return p;
  }
  throw std::bad_alloc{};
}

void operator delete(void* p) noexcept {
  release(p);
}

void operator delete(void* p, std::size_t) noexcept {
  release(p);
}

namespace clearance::test {

std::size_t allocation_count() noexcept {
  return count.load(std::memory_order_relaxed);
}

std::size_t allocated_bytes() noexcept {
  return bytes.load(std::memory_order_relaxed);
}

} // namespace clearance::test
