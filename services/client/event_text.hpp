/// Events as text for an operator.
#pragma once

#include "protocol/hub/event.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace clearance::services {

/// How the lines look.
struct event_style {
  bool color = false;
  std::string default_socket; ///< a command for this hub need not name it
};

/// What a line says beside the event.
struct event_circumstances {
  std::string_view time;      ///< printable
  std::string_view socket;    ///< of the hub
  std::string hub = {};       ///< its name; empty: the line names no hub
  std::uint64_t repeated = 0; ///< see repeated_blocks
  std::string_view host = {}; ///< where the hub runs; empty: on this machine
};

/// A line with its newline: time, type, container and its name if the dossier
/// has one, and the other fields of the type. A block that can be answered has
/// a second, indented line: the command that answers it, or for a hub of
/// another machine the command that shows the prompt.
std::string event_text(const protocol::event& x,
                       const event_circumstances& around,
                       const event_style& style);

/// The line of an event whose type this program does not know; `json` is ASCII.
std::string unknown_event_text(std::string_view json,
                               const event_circumstances& around,
                               const event_style& style);

/// An object of one line with its newline: the event's object as it was sent,
/// the path of the hub's socket, and the time in microseconds since the epoch.
std::string event_json(std::string_view event, std::string_view socket,
                       std::int64_t time);

/// The command that shows how to answer the block `x` of a hub on `host`.
std::string list_command(const protocol::event& x, std::string_view host);

/// The command that allows the block `x`, quoted for a shell.
std::string answer_command(const protocol::event& x, std::string_view socket,
                           std::string_view default_socket);

/// `tcp`, `udp` ..., or the number. Source: IANA, "Protocol Numbers".
std::string proto_name(std::int64_t proto);

} // namespace clearance::services
