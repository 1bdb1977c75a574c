/// A listening unix socket: the test itself plays the server.
#pragma once

#include "test/support/net/raw_socket.hpp"

#include <filesystem>

namespace clearance::test {

class fake_server {
public:
  /// Makes the parent directory, mode 0700, if it is missing.
  explicit fake_server(const std::filesystem::path& path, int backlog = 16);

  /// Waits for the next connection.
  raw_socket accept();

  bool connection_waits() const;

private:
  unique_fd fd_;
};

} // namespace clearance::test
