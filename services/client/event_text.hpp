/// Events as an operator reads them.
#pragma once

#include "protocol/hub/event.hpp"

#include <string>
#include <string_view>

namespace clearance::services {

/// How lines are to look.
struct event_style {
  bool color = false;
  std::string default_socket; ///< a hub there needs no mention in a hint
};

/// One line with its newline: time, type, container and what the type's other
/// fields say; for a block that can be answered a second, indented one with the
/// command that does it. `time` is printable. `socket` is the hub's.
std::string event_text(const protocol::event& x, std::string_view time,
                       std::string_view socket, const event_style& style);

/// The line of an event that this program is too old for; `json` is ASCII.
std::string unknown_event_text(std::string_view json, std::string_view time,
                               const event_style& style);

/// The command that allows the block `x`, quoted for a shell.
std::string answer_command(const protocol::event& x, std::string_view socket,
                           std::string_view default_socket);

/// `tcp`, `udp` ..., or the number. Source: IANA, "Protocol Numbers".
std::string proto_name(std::int64_t proto);

} // namespace clearance::services
