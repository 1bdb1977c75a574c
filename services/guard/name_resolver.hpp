/// Keeps the allowed names of an attached container open when their addresses
/// change.
#pragma once

#include "actors/io/base/unique_fd.hpp"
#include "services/guard/namespaces.hpp"

#include <string>

namespace clearance::services {

/// Starts a process that looks up the allowed names of `container`, outside of
/// it, again and again, and opens their addresses in the namespaces of `where`.
/// `upstream`: see open_dns_upstream(). It reads the container's state, which
/// must be saved already. It ends when the returned descriptor is closed.
/// Throws setup_fault.
io::unique_fd start_name_resolver(int upstream, const std::string& container,
                                  const guarded_process& where);

} // namespace clearance::services
