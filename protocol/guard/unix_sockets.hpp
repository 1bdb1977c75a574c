/// The sockets with a name that the kernel lists in /proc/net/unix. Source:
/// proc(5), net/unix/af_unix.c.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace clearance::protocol {

/// The paths of all sockets that take connections, or datagrams from anybody:
/// absolute ones, in the order of `text`, each once. A line that makes no sense
/// is skipped. The kernel writes a path as it was bound: it may contain any
/// character, and one behind a line break is lost.
std::vector<std::string> reachable_sockets(std::string_view text);

} // namespace clearance::protocol
