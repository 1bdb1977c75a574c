/// The name server of a container that `run` makes: it passes queries on to
/// one outside, and opens the firewall for the addresses of allowed names
/// before it answers.
#pragma once

#include "actors/io/base/unique_fd.hpp"
#include "services/guard/namespaces.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <sys/types.h>
#include <variant>

namespace clearance::services {

/// In the namespace of this process: a UDP socket at 127.0.0.1, port 53. -1:
/// errno says why.
io::unique_fd open_dns_listener();

/// A UDP socket that is connected to the name server `address`, or to the first
/// one that this machine uses. Errors: one line.
std::variant<io::unique_fd, std::string>
open_dns_upstream(const std::string& address);

/// An id for a query that nobody can know in advance.
std::uint16_t random_dns_id();

struct forwarder_config {
  int listener = -1; ///< see open_dns_listener()
  int upstream = -1; ///< see open_dns_upstream()
  int labels = -1;   ///< answers are sent here, too; a SOCK_SEQPACKET socket
  std::string container; ///< whose state says which names are allowed
};

/// Starts it as a process of its own that enters the namespaces of `where`, to
/// change the firewall. It ends with this process. Throws setup_fault.
pid_t start_forwarder(const forwarder_config& config,
                      const guarded_process& where);

} // namespace clearance::services
