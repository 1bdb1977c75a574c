/// no_new_privs of the kernel. Apart from hardening.hpp, because terok-guard
/// links it and has no log.
#pragma once

namespace clearance::services {

/// No program that this process starts can gain privileges. Landlock requires
/// this. False: errno says why.
bool forbid_new_privileges();

} // namespace clearance::services
