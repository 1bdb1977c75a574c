/// Stands for systemd, for one service: opens its sockets and receives the
/// states that the service reports.
#pragma once

#include "test/support/files/temp_dir.hpp"
#include "test/support/files/unique_fd.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace clearance::test {

/// A unix socket that listens already.
unique_fd listening_unix(const std::filesystem::path& path);

/// A TCP socket that listens on a free loopback port.
unique_fd listening_tcp();
std::uint16_t port_of(const unique_fd& socket);

class fake_manager {
public:
  /// Receives at `address`: a path, or `@` and an abstract name. Empty: at a
  /// new path.
  explicit fake_manager(std::string address = {});

  /// The value for NOTIFY_SOCKET.
  const std::string& address() const noexcept { return address_; }

  /// Waits for the next message and returns it: lines of NAME=value.
  std::string next();

  /// Waits for the next message that is not WATCHDOG=1.
  std::string next_news();

  /// Whether a message has arrived.
  bool has_more() const;

  int fd() const noexcept { return socket_.get(); }

private:
  temp_dir dir_;
  std::string address_;
  unique_fd socket_;
};

} // namespace clearance::test
