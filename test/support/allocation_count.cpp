#include "test/support/allocation_count.hpp"

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <malloc.h>
#include <new>

namespace {

std::atomic<std::size_t> count{0};
std::atomic<std::size_t> bytes{0};
thread_local std::size_t until_denied = 0; // 0: none is denied

void* take(std::size_t size,
           std::size_t alignment = alignof(std::max_align_t)) noexcept {
  if (until_denied > 0 && --until_denied == 0)
    return nullptr;
  count.fetch_add(1, std::memory_order_relaxed);
  auto* p = alignment <= alignof(std::max_align_t)
                ? std::malloc(size == 0 ? 1 : size)
                : ::memalign(alignment, size);
  bytes.fetch_add(::malloc_usable_size(p), std::memory_order_relaxed);
  return p;
}

void release(void* p) noexcept {
  bytes.fetch_sub(::malloc_usable_size(p), std::memory_order_relaxed);
  std::free(p);
}

} // namespace

// All forms are replaced. The standard library's other forms call the first
// one, but a sanitiser's do not.
void* operator new(std::size_t size) {
  if (auto* p = take(size))
    return p;
  throw std::bad_alloc{};
}

void* operator new[](std::size_t size) {
  return ::operator new(size);
}

void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return take(size);
}

void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
  return take(size);
}

void operator delete(void* p) noexcept {
  release(p);
}

void operator delete(void* p, std::size_t) noexcept {
  release(p);
}

void operator delete[](void* p) noexcept {
  release(p);
}

void operator delete[](void* p, std::size_t) noexcept {
  release(p);
}

// For objects that are aligned to more than the default, for example to 64.
void* operator new(std::size_t size, std::align_val_t alignment) {
  if (auto* p = take(size, static_cast<std::size_t>(alignment)))
    return p;
  throw std::bad_alloc{};
}

void operator delete(void* p, std::align_val_t) noexcept {
  release(p);
}

void operator delete(void* p, std::size_t, std::align_val_t) noexcept {
  release(p);
}

namespace clearance::test {

std::size_t allocation_count() noexcept {
  return count.load(std::memory_order_relaxed);
}

std::size_t allocated_bytes() noexcept {
  return bytes.load(std::memory_order_relaxed);
}

denied_allocation::denied_allocation(std::size_t which) noexcept {
  until_denied = which;
}

denied_allocation::~denied_allocation() {
  until_denied = 0;
}

bool denied_allocation::happened() const noexcept {
  return until_denied == 0;
}

} // namespace clearance::test
