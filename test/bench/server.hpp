/// The measured server: a hub, or the bare relay in its place.
#pragma once

#include "test/support/files/temp_dir.hpp"
#include "test/support/process/child.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <sys/types.h>
#include <vector>

namespace clearance::bench {

enum class server_kind { hub, relay };

struct programs {
  std::filesystem::path hub;
  std::filesystem::path relay;
  std::string relay_mode; ///< an option of relay.cpp, or empty
};

/// What the kernel counts for a process, for all its threads together.
struct usage {
  std::chrono::nanoseconds cpu{};
  std::uint64_t voluntary_switches = 0;
};

usage usage_of(pid_t pid);

/// Keeps all threads of a process on one processor; 0 is the first one that we
/// may use. Does nothing if we may use only one.
void pin(pid_t pid, int processor);

/// What a hub is started with beyond its usual options.
struct hub_setting {
  std::vector<std::string> options;
  /// The socket of a verdict helper; empty: the hub executes verdicts itself.
  std::filesystem::path helper;
};

/// A server in its own process with its own sockets. It runs when the
/// constructor returns; the destructor stops it.
class server {
public:
  server(const programs& which, server_kind kind,
         const hub_setting& setting = {});
  ~server();
  server(const server&) = delete;
  server& operator=(const server&) = delete;

  std::filesystem::path clearance() const { return dir_ / "run/c.sock"; }
  std::filesystem::path reader() const { return dir_ / "run/r.sock"; }
  pid_t pid() const noexcept { return process_.pid(); }

  /// Stops it and waits for its end. The destructor then does nothing.
  void stop();

  /// From exec to the first connection that the clearance socket accepted.
  std::chrono::nanoseconds started_in() const noexcept { return started_in_; }

private:
  test::child_options options(const programs& which, server_kind kind,
                              const hub_setting& setting) const;

  test::temp_dir dir_;
  test::child process_;
  std::chrono::nanoseconds started_in_{};
};

} // namespace clearance::bench
