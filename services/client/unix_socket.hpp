/// Connections to the services' sockets.
#pragma once

#include "protocol/text/error_text.hpp"
#include "services/client/descriptor.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <variant>

namespace clearance::services {

using time_point = std::chrono::steady_clock::time_point;

/// The errno of a connection that failed.
struct connect_error {
  int code;
};

/// How long a client waits until a hub accepts its connection.
inline constexpr std::chrono::seconds connect_time_limit{5};

/// Connects to the stream socket at `path`. Waits at most `time_limit` for room
/// in the listener's queue; zero: EAGAIN if there is no room. The descriptor
/// does not block and is closed on exec. ENAMETOOLONG: the path is longer than
/// a socket's path may be.
std::variant<descriptor, connect_error>
connect_unix(const std::string& path, std::chrono::milliseconds time_limit);

/// `no hub runs at PATH` or `cannot connect to PATH: why`, printable.
std::string cannot_connect(const std::string& path, connect_error error);

/// The same, and how to find or start a hub if none runs at `path`. `option`
/// names this socket on the command line.
std::string cannot_connect(const std::string& path, connect_error error,
                           std::string_view option);

using protocol::error_text;

/// How a wait ended.
enum class waited { ready, deadline, failed };

/// Waits until `fd` has one of `events` (as in poll), an error or a hang-up.
waited wait_for(int fd, short events, time_point deadline);

} // namespace clearance::services
