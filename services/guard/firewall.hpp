/// The firewall of the network namespace that this process is in.
#pragma once

#include "actors/io/base/unique_fd.hpp"

#include <string>
#include <variant>

namespace clearance::services {

/// Has libnftables execute `commands` as one transaction: all or nothing.
/// Returns an empty text, or why it failed.
std::string change_firewall(const std::string& commands);

/// Prints our table to stdout. Returns an empty text, or why it failed.
std::string print_firewall();

/// Opens one socket for our two NFLOG groups: with one socket no DNS answer
/// comes after the block that it labels. Errors: one line; `taken` when another
/// process has the groups.
struct nflog_fault {
  std::string why;
  bool taken = false;
};
std::variant<io::unique_fd, nflog_fault> open_nflog();

} // namespace clearance::services
