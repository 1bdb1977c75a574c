#include "test/end_to_end/chaos.hpp"

#include "test/support/process_facts.hpp"

#include <cstdio>
#include <cstdlib>

namespace clearance::test {

namespace {

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
  return descriptor_count(pid);
}

void recovery::served() const {
  const std::chrono::duration<double, std::milli> time =
      std::chrono::steady_clock::now() - start_;
  std::printf("%.*s: served after %.0f ms\n", static_cast<int>(what_.size()),
              what_.data(), time.count());
}

} // namespace clearance::test
