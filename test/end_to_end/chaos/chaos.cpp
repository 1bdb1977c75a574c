#include "test/end_to_end/chaos/chaos.hpp"

#include "actors/base/sanitizers.hpp"
#include "test/support/process/process_facts.hpp"
#include "test/support/skip.hpp"

#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>

namespace clearance::test {

namespace {

/// Room for the kernel's large pages, for fragments of the heap, and for blocks
/// that are open again after a failed verdict. Measured: 0.2 MiB in 40 rounds.
constexpr std::size_t slack_bytes = 4 * 1024 * 1024;

std::uint64_t seed_of(std::string_view test) {
  const char* chosen = std::getenv("CLEARANCE_CHAOS_SEED");
  const auto result =
      chosen == nullptr ? 20261127 : std::strtoull(chosen, nullptr, 10);
  std::printf("%.*s: CLEARANCE_CHAOS_SEED=%llu\n",
              static_cast<int>(test.size()), test.data(),
              static_cast<unsigned long long>(result));
  return result;
}

} // namespace

dice::dice(std::string_view test) : random_(seed_of(test)) {
  // nop
}

std::size_t settled_descriptors(pid_t pid, varlink_client& anchor) {
  for (int i = 0; i < 2; ++i)
    anchor.call("org.varlink.service.GetInfo");
  await_trail_read(anchor);
  return descriptor_count(pid);
}

void await_trail_read(varlink_client& client) {
  client.call("org.terok.ClearanceOperator1.History");
}

void recovery::served() const {
  const std::chrono::duration<double, std::milli> time =
      std::chrono::steady_clock::now() - start_;
  std::printf("%.*s: served after %.0f ms\n", static_cast<int>(what_.size()),
              what_.data(), time.count());
}

void flat_memory::round_ended() {
  bytes_.push_back(resident_bytes(pid_));
}

void flat_memory::check() const {
  std::string figures;
  for (auto x : bytes_)
    figures += ' ' + std::to_string(x / 1024);
  std::printf("%s: KiB after each round:%s\n", what_.c_str(), figures.c_str());
  if (has_address_sanitizer) {
    skipped("the memory of a " + what_
            + " is not judged: the address sanitizer holds some of it");
    return;
  }
  REQUIRE_GT(bytes_.size(), 1U);
  CHECK_LE(bytes_.back(), bytes_.front() + slack_bytes * bytes_a_byte);
}

} // namespace clearance::test
