/// `terok-clearance emit`: sends events to the hub, as a reader does.
#pragma once

#include "protocol/hub/event.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace clearance::services {

/// One line built from options.
struct emit_line {
  std::string type;
  std::string container;
  std::string request_id; ///< empty: a block gets a new one
  std::string dest;
  std::int64_t port = 0;
  std::int64_t proto = 6;
  std::string domain;
  std::string reason;
  protocol::dossier dossier;
};

struct emit_config {
  std::string reader_socket;
  std::optional<emit_line> line; ///< nothing: read lines from stdin
};

/// Sends, and waits until the hub has read everything. Returns the exit code.
int emit(const emit_config& config);

} // namespace clearance::services
