/// What COMMAND must not have.
#pragma once

#include <string>
#include <sys/types.h>

namespace clearance::services {

/// Takes from this process, and from all that it starts, what would open the
/// firewall or lead around it: power over its network namespace, capabilities,
/// and some system calls; with `shares_group` also signals to the own process
/// group, which has processes outside. The user stays the same. Returns an
/// empty text, or what failed; then nothing may be executed.
std::string give_up_command_rights(uid_t uid, gid_t gid, bool shares_group);

} // namespace clearance::services
