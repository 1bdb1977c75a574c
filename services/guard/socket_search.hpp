/// Finds sockets by looking into directories.
#pragma once

#include <string>
#include <vector>

namespace clearance::services {

/// The files below /run, /tmp, /var/tmp and `home`/.ssh that are sockets, two
/// directories deep. Looks at no more than guard_limits::
/// searched_entries_max entries. `home` may be empty: the user has none.
std::vector<std::string> search_sockets(const std::string& home);

} // namespace clearance::services
