/// Listening sockets that somebody else opened for us.
#pragma once

#include "actors/io/socket/bind.hpp"
#include "actors/io/socket/bind_tcp.hpp"

#include <string>
#include <variant>

namespace clearance::io {

/// Where a socket listens.
struct listening_place {
  bool tcp = false;     ///< else a unix socket
  bool loopback = true; ///< no other machine can connect
  std::string text;     ///< a path, `@name`, or address and port
};

/// Of a stream socket, unix or TCP, that listens already. Errors: what `fd` is
/// not, to stand behind its name.
std::variant<listening_place, std::string> place_of(int fd);

/// Takes such a socket over, whatever becomes of it; close-on-exec and
/// non-blocking from now on. The end of a unix one leaves its path alone: it
/// belongs to whoever bound it. Errors: one line that names `role` and cause.
std::variant<bound_socket, bound_port, std::string>
inherit_socket(int fd, const std::string& role);

} // namespace clearance::io
