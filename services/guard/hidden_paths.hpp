/// What COMMAND must not see of the machine's files.
#pragma once

#include <string>
#include <sys/types.h>
#include <vector>

namespace clearance::services {

/// HOME; empty: there is none.
std::string home_directory();

/// In a mount namespace that this process has just made: mounts a /proc of the
/// container's own, and hides the sockets through which others would act for
/// COMMAND: `hub`, and the directories of desktops, terminals, resolvers and
/// container engines. Directories are empty then, and XDG_RUNTIME_DIR is a
/// private one. With `own_resolver` names are looked up at 127.0.0.1. Returns
/// an empty text, or what failed; then nothing may be executed.
std::string hide_directories(const std::string& hub, uid_t uid,
                             bool own_resolver);

/// In the same namespace, after that: hides these sockets. Returns as above.
std::string hide_sockets(const std::vector<std::string>& paths);

} // namespace clearance::services
