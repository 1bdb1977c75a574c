/// The owner of a socket, as text for the person who started a client.
#pragma once

#include <string>
#include <sys/types.h>

namespace clearance::services {

/// `uid 1000 (alice)`, or the number alone if no user has this uid.
std::string user_text(uid_t uid);

/// `PATH belongs to uid 1000 (alice) and you are uid 0 (root): a hub serves its
/// own user alone`. Empty if the socket at `path` is ours or does not exist.
std::string foreign_owner(const std::string& path);

} // namespace clearance::services
