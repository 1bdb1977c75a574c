/// Where the sockets are when nobody says otherwise. Source: clearance.md,
/// section 1.
#pragma once

#include "actors/io/socket/unix_address.hpp"

#include <string>
#include <string_view>
#include <sys/types.h>

namespace clearance::services {

/// The value of XDG_RUNTIME_DIR, unless it is unset, empty or relative (the XDG
/// base directory specification says to ignore it then): `/run/user/<uid>`.
/// `xdg` may be null.
std::string runtime_directory(const char* xdg, uid_t uid);

/// The same of this process.
std::string runtime_directory();

/// Below the runtime directory `runtime`.
std::string default_clearance_socket(std::string_view runtime);
std::string default_reader_socket(std::string_view runtime);
std::string default_verdict_socket(std::string_view runtime);

/// Where each container's hub has a directory or a socket of its own.
std::string containers_directory(std::string_view runtime);

/// `path` from the root directory on, so that it means the same to whoever
/// reads it in a log. A socket's path that would be too long that way stays as
/// it is, and so does each when the working directory is not there any more.
std::string absolute_socket_path(const std::string& path);

using io::socket_path_max_bytes;

} // namespace clearance::services
