/// Whose a socket is, in words for the person who started a client.
#pragma once

#include <string>
#include <sys/types.h>

namespace clearance::services {

/// `uid 1000 (alice)`, or the number alone when no user has it.
std::string user_text(uid_t uid);

/// `PATH belongs to uid 1000 (alice) and you are uid 0 (root): a hub serves its
/// own user alone`. Empty when the socket at `path` is ours or is not there.
std::string foreign_owner(const std::string& path);

} // namespace clearance::services
