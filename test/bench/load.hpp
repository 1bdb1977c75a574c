/// One run against one server: an emitter and its subscribers, each side in a
/// process of its own.
#pragma once

#include "test/bench/server.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace clearance::bench {

enum class pace {
  each_ms, ///< an event each millisecond
  in_turn, ///< each event after the last subscriber has the previous one
  lines,   ///< a line a write, as fast as the socket takes them
  bulk,    ///< 64 KiB a write, as fast as the socket takes them
};

struct load {
  pace how = pace::lines;
  std::size_t events = 0;
  std::size_t subscribers = 1; ///< subscribers that read
  std::size_t stuck = 0;       ///< further subscribers that never read
  bool mixed = false;          ///< events of 1000 containers, not of one
};

struct load_result {
  /// The latency of each delivery, from before the emitter's write to after the
  /// subscriber's read. Empty for the two floods, where events wait for each
  /// other.
  std::vector<double> latencies_us;
  std::chrono::duration<double> time{}; ///< first write to last read
  std::chrono::duration<double> server_cpu{};
  std::size_t server_resident = 0; ///< bytes, while all clients are connected
  std::uint64_t server_switches =
      0;                         ///< voluntary: the server slept and was woken
  std::size_t delivered_min = 0; ///< to the subscriber with the fewest
  std::size_t delivered = 0;     ///< to all subscribers that read
  std::size_t expected = 0;

  double events_per_s() const {
    return static_cast<double>(delivered_min) / time.count();
  }
  double cpu_us_per_event() const {
    return server_cpu.count() * 1e6 / static_cast<double>(delivered_min);
  }
  double wakeups_per_event() const {
    return static_cast<double>(server_switches)
           / static_cast<double>(delivered_min);
  }
  double resident_mib() const {
    return static_cast<double>(server_resident) / (1024 * 1024);
  }
};

/// Pinned: the subscribers run on another processor than the server. The
/// emitter shares the subscribers' processor, or in a flood the server's.
/// Without it the kernel's scheduler decides the result (README.md).
load_result run_load(const server& on, const load& x, bool pinned);

} // namespace clearance::bench
