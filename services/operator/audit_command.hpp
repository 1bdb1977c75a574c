/// `terok-clearance audit`: reads the files of audit trails. Needs no hub.
#pragma once

#include "services/operator/audit_reader.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace clearance::services {

enum class audit_action : std::uint8_t { list, verify, export_lines };

struct audit_config {
  audit_action action = audit_action::list;
  std::vector<std::string> paths; ///< files or directories; empty: the default
  audit_filter filter;
  bool is_redacted = false;
};

/// A record as one line for people, with its end of line.
std::string audit_text(const protocol::audit_line& x);

/// `line` without uid, pid and reason. Nothing: it is not JSON.
std::optional<std::string> redacted(std::string_view line);

/// Returns the exit code: 1 if a chain is broken or a file cannot be read.
int run_audit(const audit_config& config);

} // namespace clearance::services
