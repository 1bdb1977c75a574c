/// The name server outside of a container, and sockets to it.
#pragma once

#include "actors/io/base/unique_fd.hpp"

#include <cstdint>
#include <string>
#include <sys/socket.h>
#include <variant>

namespace clearance::services {

struct name_server {
  sockaddr_storage at{};
  socklen_t size = 0;
};

/// The name server `address`, or the first one that this machine uses. Errors:
/// one line.
std::variant<name_server, std::string>
find_name_server(const std::string& address);

/// A UDP socket that is connected to it, with a port that the kernel chooses.
/// Not open: errno says why.
io::unique_fd connect_udp(const name_server& to);

/// A TCP socket that does not block; its connection is under way. Not open:
/// errno says why.
io::unique_fd connect_tcp(const name_server& to);

/// An id for a query that nobody can know in advance.
std::uint16_t random_dns_id();

} // namespace clearance::services
