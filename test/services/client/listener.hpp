/// A listening unix socket that a test steps by hand.
#pragma once

#include "test/support/net/raw_socket.hpp"

#include <filesystem>

namespace clearance::test {

class listener {
public:
  /// Whoever sees `path` finds a socket that listens already.
  explicit listener(const std::filesystem::path& path, int backlog = 8);

  /// The next connection; there must be one.
  raw_socket accept() const;

  /// The next connection, awaited.
  raw_socket await_connection() const;

  /// Whether nobody waits to be accepted.
  bool empty() const;

private:
  unique_fd fd_;
};

} // namespace clearance::test
