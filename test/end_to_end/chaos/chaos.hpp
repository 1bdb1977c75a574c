/// What the chaos tests share: dice whose seed is shown, how long it took until
/// something served again, shown as well and never judged, and memory.
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

/// A seed from CLEARANCE_CHAOS_SEED or, as a rule, a fixed one; printed.
class dice {
public:
  explicit dice(std::string_view test);

  /// From 0 on, below `bound`.
  std::size_t below(std::size_t bound) { return random_() % bound; }

private:
  std::mt19937_64 random_;
};

/// Descriptors of a varlink service once everybody who left before is
/// forgotten: the second answer comes after a look at every socket. `anchor` is
/// one of its clients, and stays.
std::size_t settled_descriptors(pid_t pid, varlink_client& anchor);

/// Prints how long its owner's recovery took: from here to served().
class recovery {
public:
  explicit recovery(std::string_view what) : what_(what) {}
  void served() const;

private:
  std::string_view what_;
  std::chrono::steady_clock::time_point start_ =
      std::chrono::steady_clock::now();
};

/// Resident memory of a process that lives on while others are killed: after
/// the last round at most 4 MiB more than after the first, which warms it up.
class flat_memory {
public:
  flat_memory(std::string_view what, pid_t pid) : what_(what), pid_(pid) {}

  /// In each, between two rounds' work.
  void round_ended();

  /// Prints the figures. Under the address sanitizer, whose memory is not ours,
  /// they are not judged, and it says so.
  void check() const;

private:
  std::string what_;
  pid_t pid_;
  std::vector<std::size_t> bytes_;
};

} // namespace clearance::test
