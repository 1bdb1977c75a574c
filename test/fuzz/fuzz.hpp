/// What fuzzers share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

/// Called with every input, by libFuzzer or by replay.cpp. Returns 0.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size);

namespace clearance::test {

inline std::string_view as_text(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// Ends the program, as a sanitiser does, when an invariant does not hold.
inline void require(bool holds, const char* invariant) {
  if (holds)
    return;
  std::fprintf(stderr, "does not hold: %s\n", invariant);
  std::abort();
}

} // namespace clearance::test
