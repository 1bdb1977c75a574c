/// Programs that run outside of the container, for COMMAND's user: pasta, the
/// hub, and terok-guard as the hub's shield. If COMMAND can replace one of
/// them, it gets out as soon as that program is started.
#pragma once

#include <string>

namespace clearance::services {

/// Whether the user of this process could put another program in the place of
/// the file `path`: the file or a directory above it is his, or he can write
/// there. False for root: root is not contained anyway.
bool is_replaceable(const std::string& path);

/// The path of the program `name`, as find_program() finds it; but one in a
/// directory of the system's own if the user could replace the first one.
/// Empty: there is none.
std::string find_outside_program(const std::string& name);

/// The path of terok-guard itself.
std::string own_program();

/// Says so if `path` is replaceable.
void warn_if_replaceable(const std::string& path);

} // namespace clearance::services
