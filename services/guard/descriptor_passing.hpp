/// Short messages between processes of ours, with a descriptor if there is one.
#pragma once

#include "actors/io/base/unique_fd.hpp"

#include <string>
#include <string_view>

namespace clearance::services {

struct passed_message {
  std::string text; ///< empty: the other end closed its socket
  io::unique_fd fd;
};

/// Sends one message on a SOCK_SEQPACKET socket; `fd` may be -1. Of a text that
/// is longer than 4096 bytes the rest is left out.
bool send_with_descriptor(int socket, std::string_view text, int fd);

/// Waits for one message.
passed_message receive_with_descriptor(int socket);

/// Closes all descriptors but 0, 1, 2 and these two, which may be the same one.
/// A process that was forked for one task must not keep what belongs to others.
void close_all_but(int one, int other);

} // namespace clearance::services
