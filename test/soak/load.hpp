/// The load on hub and gate: a mixture of good, faulty and hostile peers. A
/// seed chooses what happens; no step waits.
#pragma once

#include "test/end_to_end/world/deployment.hpp"
#include "test/end_to_end/world/gate_deployment.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <unordered_set>
#include <vector>

namespace clearance::soak {

using dice = std::mt19937_64;

/// True in one of `n` calls.
bool one_in(dice& random, unsigned n);

/// Counts, each with a name.
using counts = std::map<std::string, std::uint64_t>;

/// Readers, subscribers, callers, and peers that send garbage. A caller cites a
/// block after a subscriber has seen it; the stand-in shield reports its runs.
class hub_load {
public:
  hub_load(test::hub& server, test::fake_shield& shield, std::uint64_t seed,
           const std::filesystem::path& clearance,
           const std::filesystem::path& reader);

  /// Fills all that has a limit: the store of open requests, and the queue of a
  /// stuck client.
  void fill();

  void step();

  /// Waits for the last replies, then closes every connection of this load.
  void leave();

  const counts& done() const noexcept { return done_; }

  /// Faults that were found; empty if there are none.
  const std::vector<std::string>& wrong() const noexcept { return wrong_; }

private:
  struct caller {
    test::varlink_client client;
    std::string dest; ///< of the verdict whose reply is awaited
    bool must_run = false;
    bool busy = false;
  };

  void emit_lines(std::size_t count);
  std::string good_line();
  std::string bad_line();
  void come_and_go();
  void read_watchers();
  void read_runs();
  void read_replies();
  void send_verdict(caller& x);
  void behave();

  dice random_;
  test::fake_shield& shield_;
  std::filesystem::path clearance_;
  std::filesystem::path reader_;
  std::vector<test::raw_socket> readers_;
  std::vector<test::raw_socket> watchers_;
  std::optional<test::raw_socket> stuck_;
  std::deque<test::raw_socket> passers_by_;
  std::vector<caller> callers_;
  std::string seen_;                  ///< unread bytes of the first watcher
  std::deque<test::block> announced_; ///< seen there, and not cited yet
  std::map<std::string, test::block> sent_;
  std::unordered_set<std::string> ran_;
  std::uint64_t next_ = 0;
  counts done_;
  std::vector<std::string> wrong_;
};

/// Clones, pushes, and clients that are not git.
class gate_load {
public:
  gate_load(const test::gate_world& world, test::gate& server,
            std::uint64_t seed);

  void step();

  /// Waits for the transfers that run, then closes every connection.
  void leave();

  const counts& done() const noexcept { return done_; }
  const std::vector<std::string>& wrong() const noexcept { return wrong_; }

private:
  struct transfer {
    test::child process;
    std::filesystem::path clone; ///< empty: a push
    bool killed = false;
  };

  void reap();
  void start_clone();
  void start_push();
  void come_and_go();
  void finish(transfer& x);

  dice random_;
  const test::gate_world& world_;
  test::gate& server_;
  std::list<transfer> transfers_;
  std::deque<test::raw_socket> clients_;
  unsigned next_ = 0;
  counts done_;
  std::vector<std::string> wrong_;
};

} // namespace clearance::soak
