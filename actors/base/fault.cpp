#include "actors/base/fault.hpp"

#include "actors/base/block_cache.hpp"
#include "actors/base/log.hpp"
#include "protocol/base/limits.hpp"
#include "protocol/text/text.hpp"

#include <atomic>
#include <cstdlib>
#include <string>

namespace clearance::actors {

namespace {

// malloc(), so that what replaces operator new to deny memory does not touch
// it. Null: it was given away.
std::atomic<void*> reserve{nullptr};

} // namespace

void memory_reserve::fill() noexcept {
  if (reserve.load(std::memory_order_relaxed) != nullptr)
    return;
  void* fresh = std::malloc(protocol::limits::memory_reserve_bytes);
  void* none = nullptr;
  if (fresh != nullptr && !reserve.compare_exchange_strong(none, fresh))
    std::free(fresh); // another thread was faster
}

void memory_reserve::give() noexcept {
  free_kept_blocks();
  std::free(reserve.exchange(nullptr));
}

std::string_view fault_text(const std::exception& x) noexcept {
  return dynamic_cast<const std::bad_alloc*>(&x) != nullptr ? "out of memory"
                                                            : x.what();
}

void report_closed(const char* name, pid_t pid,
                   const std::exception& fault) noexcept {
  constexpr auto text = "cannot serve a connection, it is closed";
  memory_reserve::give(); // for the line
  try {
    log(severity::warning, name, text,
        {{"why", protocol::escaped(fault_text(fault))},
         {"pid", std::to_string(pid)}});
  } catch (const std::exception&) {
    log(severity::warning, name, text, {{"why", "out of memory"}});
  }
  memory_reserve::fill();
}

void report_closed(const char* name, pid_t pid,
                   const std::exception_ptr& fault) noexcept {
  try {
    std::rethrow_exception(fault);
  } catch (const std::exception& x) {
    report_closed(name, pid, x);
  } catch (...) {
    report_closed(name, pid, std::exception{});
  }
}

} // namespace clearance::actors
