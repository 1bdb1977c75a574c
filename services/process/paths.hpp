/// The default places of the sockets. Source: clearance.md,
/// section 1.
#pragma once

#include "actors/io/socket/unix_address.hpp"

#include <string>
#include <string_view>
#include <sys/types.h>

namespace clearance::services {

/// The value `xdg` of XDG_RUNTIME_DIR. If it is null, empty or relative (the
/// XDG base directory specification says to ignore it then): `/run/user/<uid>`.
std::string runtime_directory(const char* xdg, uid_t uid);

/// The runtime directory of this process.
std::string runtime_directory();

/// In the runtime directory `runtime`.
std::string default_clearance_socket(std::string_view runtime);
std::string default_reader_socket(std::string_view runtime);
std::string default_verdict_socket(std::string_view runtime);

/// In this directory the hub of each container has a directory or a socket.
std::string containers_directory(std::string_view runtime);

/// `path` as an absolute path, so that it means the same to everybody who reads
/// it in a log. A path stays as it is if it would become too long for a socket,
/// or if the working directory does not exist any more.
std::string absolute_socket_path(const std::string& path);

using io::socket_path_max_bytes;

} // namespace clearance::services
