/// Helpers of the chaos tests: random numbers with a printed seed, the time of
/// a recovery (printed, never judged), and the growth of memory.
#pragma once

#include "test/support/net/varlink_client.hpp"

#include <chrono>
#include <cstddef>
#include <random>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace clearance::test {

/// Uses the seed in CLEARANCE_CHAOS_SEED, or else a fixed one, and prints it.
class dice {
public:
  explicit dice(std::string_view test);

  /// A number from 0 to `bound` - 1.
  std::size_t below(std::size_t bound) { return random_() % bound; }

private:
  std::mt19937_64 random_;
};

/// Returns how many descriptors a varlink service has after it has closed those
/// of all clients that left. The function makes two calls on `anchor`, a client
/// that stays: before the second answer the service looks at every socket.
std::size_t settled_descriptors(pid_t pid, varlink_client& anchor);

/// Waits until a hub has read its audit trail, because it has a file open for
/// that. A hub answers `History` only after that; another service, at once.
void await_trail_read(varlink_client& client);

/// Prints how long a recovery took: from the constructor to served().
class recovery {
public:
  explicit recovery(std::string_view what) : what_(what) {}
  void served() const;

private:
  std::string_view what_;
  std::chrono::steady_clock::time_point start_ =
      std::chrono::steady_clock::now();
};

/// Checks the memory of a process that goes on while others are killed: after
/// the last round it has at most 4 MiB more than after the first one.
class flat_memory {
public:
  flat_memory(std::string_view what, pid_t pid) : what_(what), pid_(pid) {}

  /// Call it once in each round, when the process has nothing to do.
  void round_ended();

  /// Prints the figures and checks them. With the address sanitizer the figures
  /// are only printed, because the sanitizer needs memory of its own.
  void check() const;

private:
  std::string what_;
  pid_t pid_;
  std::vector<std::size_t> bytes_;
};

} // namespace clearance::test
