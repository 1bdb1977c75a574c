/// Lets blocked connections wait for verdicts while a hub is there.
#pragma once

#include "actors/io/base/unique_fd.hpp"
#include "services/guard/namespaces.hpp"

namespace clearance::services {

/// Starts a process that enters the namespaces of `where` and changes the
/// firewall there, because the reader has no right to do it. Returns our end of
/// its channel when it can be used; see tell_keeper(). When the channel is
/// closed, blocked connections are refused again, and the process ends. Throws
/// setup_fault.
io::unique_fd start_hold_keeper(const guarded_process& where);

/// Whether blocked connections wait from now on, or are refused. Returns when
/// the firewall was changed.
void tell_keeper(int channel, bool hold);

} // namespace clearance::services
