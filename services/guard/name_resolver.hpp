/// Keeps the allowed names of an attached container open when their addresses
/// change.
#pragma once

#include "actors/io/base/unique_fd.hpp"
#include "services/guard/name_server.hpp"
#include "services/guard/namespaces.hpp"

#include <string>
#include <string_view>

namespace clearance::services {

/// Starts a process that looks up the allowed names of `container`, outside of
/// it, again and again, and opens their addresses in the namespaces of `where`.
/// It reads the container's state, which must be saved already. It ends when
/// the returned descriptor is closed. Throws setup_fault.
io::unique_fd start_name_resolver(const name_server& server,
                                  const std::string& container,
                                  const guarded_process& where);

/// Tells such a process of a block: the address may be a new one of an allowed
/// name. `name`: what the address was called last in the container, or empty.
/// If the process is behind, nothing happens.
void tell_resolver_of_block(int channel, std::string_view name);

} // namespace clearance::services
