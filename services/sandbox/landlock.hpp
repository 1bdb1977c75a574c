/// Confining our own reach to some files, and that of all we start.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace clearance::services {

/// What may be done with a file, or with all below a directory.
enum class path_access : std::uint8_t {
  read,    ///< read files, list directories
  run,     ///< ... and execute files
  sockets, ///< a directory in which sockets and their locks come and go
  modify,  ///< everything but executing, and moving between its directories
  device,  ///< read and write a file
  discard, ///< remove empty directories
};

/// A place that stays reachable. One that does not exist is left out, unless it
/// is `needed`.
struct path_rule {
  std::string path;
  path_access use = path_access::read;
  bool needed = false;
};

/// The trees from which programs live: libraries, programs, settings.
std::vector<path_rule> system_paths(path_access use);

enum class file_restriction : std::uint8_t {
  in_force,
  unsupported, ///< by this kernel; nothing has changed
};

/// From now on nothing but `allowed paths` can be opened, by this thread and
/// those that it starts, for ever; sets no_new_privs. What is open stays open.
/// Where the kernel knows how: no TCP connection can be made, no abstract unix
/// socket and no process be reached that was not confined with us. Throws
/// std::system_error; the process is then as it was, or half confined.
/// Source: landlock(7).
file_restriction restrict_files(const std::vector<path_rule>& paths_allowed);

} // namespace clearance::services
