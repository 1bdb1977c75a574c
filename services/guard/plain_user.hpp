/// `run` as root: root is not contained by any firewall.
#pragma once

namespace clearance::services {

/// Of a process that sudo started as root: becomes the user who called sudo,
/// with his home and his runtime directory. Of another one that root runs: says
/// that COMMAND is not contained. Of all others: does nothing. Throws
/// setup_fault.
void become_plain_user();

} // namespace clearance::services
