/// The name server of a container that `run` makes: it passes queries on to
/// one outside, and opens the firewall for the addresses of allowed names
/// before it answers.
#pragma once

#include "actors/io/base/unique_fd.hpp"
#include "services/guard/name_server.hpp"
#include "services/guard/namespaces.hpp"

#include <string>
#include <sys/types.h>

namespace clearance::services {

/// Sockets of the container's network namespace, opened inside of it.
struct forwarder_sockets {
  io::unique_fd udp;   ///< at 127.0.0.1, port 53
  io::unique_fd tcp;   ///< the same; it listens, and does not block
  io::unique_fd rules; ///< see open_nf_tables()

  bool are_open() const noexcept { return udp && tcp && rules; }
};

/// Opens them in the namespace of this process. One that is not open: errno
/// says why.
forwarder_sockets open_forwarder_sockets();

struct forwarder_config {
  const forwarder_sockets* inside = nullptr; ///< never null
  name_server server;
  int labels = -1; ///< answers are sent here, too; a SOCK_SEQPACKET socket
  std::string container; ///< whose state says which names are allowed
};

/// Starts it as a process of its own. It stays outside of the container,
/// because it makes sockets there for its queries. Where the name server is in
/// the namespaces of `server_side`, it enters those; null: in ours. It ends
/// with this process. Throws setup_fault.
pid_t start_forwarder(const forwarder_config& config,
                      const guarded_process* server_side);

} // namespace clearance::services
