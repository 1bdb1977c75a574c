/// How hubs are called, on this machine and on others.
#pragma once

#include <string>
#include <string_view>

namespace clearance::services {

/// What keeps `word` from being a HOST for ssh, as `is empty`; empty: nothing.
/// A word that begins with `-` would be an option of ssh.
std::string host_fault(std::string_view word);

/// The name of the hub whose socket is at `path`: the path, or `./PATH` for a
/// relative one that could be taken for a hub of another machine.
std::string hub_name(const std::string& path);

/// The name of a hub on another machine: `HOST:PATH`. `path` is absolute.
std::string hub_name(const std::string& host, const std::string& path);

/// A short name for the hub of that name, printable: `terok-clearance`, or the
/// container's id for a hub of its own; `HOST:terok-clearance` on another
/// machine.
std::string hub_label(std::string_view name);

/// The host in the name of a hub on another machine.
std::string_view host_of(std::string_view name);

} // namespace clearance::services
