/// nginx with fcgiwrap, set up as git-http-backend(1) says, for comparison.
#pragma once

#include "test/end_to_end/world/gate_deployment.hpp"
#include "test/support/process/child.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <sys/types.h>
#include <vector>

namespace clearance::bench {

/// Serves a world's repositories on a unix socket and a port, to everybody: it
/// checks no token. It runs when the constructor returns.
class nginx {
public:
  static bool installed();

  explicit nginx(const test::gate_world& world);
  ~nginx();
  nginx(const nginx&) = delete;
  nginx& operator=(const nginx&) = delete;

  const std::filesystem::path& socket() const noexcept { return socket_; }

  /// The URL of a loopback port, because git cannot use unix sockets.
  std::string url(const std::string& repository) const;

  /// The processes of nginx and fcgiwrap, without git's.
  const std::vector<pid_t>& pids() const noexcept { return pids_; }

private:
  std::string write_config(const test::gate_world& world) const;

  std::filesystem::path socket_;
  std::uint16_t port_;
  test::child wrap_;
  test::child nginx_;
  std::vector<pid_t> pids_;
};

} // namespace clearance::bench
