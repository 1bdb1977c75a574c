/// A double of systemd for one service: opens its sockets and hears what it
/// says of itself.
#pragma once

#include "test/support/files/temp_dir.hpp"
#include "test/support/files/unique_fd.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace clearance::test {

/// Listens already.
unique_fd listening_unix(const std::filesystem::path& path);

/// On any free loopback port.
unique_fd listening_tcp();
std::uint16_t port_of(const unique_fd& socket);

class fake_manager {
public:
  /// At `address`, a path or `@` and an abstract name; empty: a path of its
  /// own.
  explicit fake_manager(std::string address = {});

  /// For NOTIFY_SOCKET.
  const std::string& address() const noexcept { return address_; }

  /// The next message whole, awaited: lines of NAME=value.
  std::string next();

  /// The next message that is not WATCHDOG=1.
  std::string next_news();

  /// Whether one is there.
  bool has_more() const;

  int fd() const noexcept { return socket_.get(); }

private:
  temp_dir dir_;
  std::string address_;
  unique_fd socket_;
};

} // namespace clearance::test
