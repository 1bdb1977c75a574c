/// Events as text for an operator.
#pragma once

#include "protocol/hub/event.hpp"

#include <string>
#include <string_view>

namespace clearance::services {

/// How the lines look.
struct event_style {
  bool color = false;
  std::string default_socket; ///< a command for this hub need not name it
};

/// A line with its newline: time, type, container and the other fields of the
/// type. A block that can be answered has a second, indented line: the command
/// that answers it. `time` is printable. `socket` is that of the hub.
std::string event_text(const protocol::event& x, std::string_view time,
                       std::string_view socket, const event_style& style);

/// The line of an event whose type this program does not know; `json` is ASCII.
std::string unknown_event_text(std::string_view json, std::string_view time,
                               const event_style& style);

/// The command that allows the block `x`, quoted for a shell.
std::string answer_command(const protocol::event& x, std::string_view socket,
                           std::string_view default_socket);

/// `tcp`, `udp` ..., or the number. Source: IANA, "Protocol Numbers".
std::string proto_name(std::int64_t proto);

} // namespace clearance::services
