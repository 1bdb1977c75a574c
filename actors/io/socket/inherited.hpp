/// Listening sockets that another program, such as systemd, opened for us.
#pragma once

#include "actors/io/socket/bind.hpp"
#include "actors/io/socket/bind_tcp.hpp"

#include <string>
#include <variant>

namespace clearance::io {

/// The address on which a socket listens.
struct listening_place {
  bool tcp = false;     ///< false: a unix socket
  bool loopback = true; ///< other machines cannot connect
  std::string text;     ///< a path, `@name`, or address and port
};

/// The address of a stream socket, unix or TCP, that listens already. Errors: a
/// text such as "is not a socket", which follows the descriptor's name in a
/// message.
std::variant<listening_place, std::string> place_of(int fd);

/// Takes over such a socket, and closes it if it cannot be used. It becomes
/// close-on-exec and non-blocking. The path of a unix socket is never removed,
/// because it belongs to the program that bound it. Errors: one line that names
/// `role` and the cause.
std::variant<bound_socket, bound_port, std::string>
inherit_socket(int fd, const std::string& role);

/// Like inherit_socket(), but accepts only a unix socket, because only a unix
/// socket tells the uid of a peer.
std::variant<bound_socket, std::string>
inherit_unix_socket(int fd, const std::string& role);

} // namespace clearance::io
