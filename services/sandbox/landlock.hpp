/// Limits this process, and all programs that it starts, to some files.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace clearance::services {

/// What is allowed for a file, or for everything below a directory.
enum class path_access : std::uint8_t {
  read, ///< read files and list directories
  run,  ///< as `read`, and execute files
  /// a directory in which sockets and their locks are made and removed
  sockets,
  /// a directory in which files are made, written, cut, renamed and removed
  files,
  /// everything except executing files; moving files within this directory
  modify,
  device,  ///< read and write one file
  discard, ///< remove empty directories
};

/// A path that stays allowed. A path that does not exist, or that this process
/// may not enter, is skipped, unless it is `needed`.
struct path_rule {
  std::string path;
  path_access use = path_access::read;
  bool needed = false;
};

/// The directories that programs need: libraries, programs, settings.
std::vector<path_rule> system_paths(path_access use);

enum class file_restriction : std::uint8_t {
  in_force,
  unsupported, ///< by this kernel; nothing was changed
};

/// From now on this thread, and all threads and programs that it starts, can
/// open only the `allowed paths`. This cannot be undone. Sets no_new_privs.
/// Files that are open stay open. If the kernel supports it, they can make no
/// TCP connection, except to `tcp_port` of any address, and cannot reach
/// abstract unix sockets and processes outside of this sandbox. Throws
/// std::system_error; then the process is unchanged or only partly restricted.
/// Source: landlock(7).
file_restriction
restrict_files(const std::vector<path_rule>& paths_allowed,
               std::optional<std::uint16_t> tcp_port = std::nullopt);

} // namespace clearance::services
