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

} // namespace clearance::services
