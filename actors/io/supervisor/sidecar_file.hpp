/// Reading a sidecar from disk.
#pragma once

#include "protocol/supervisor/sidecar.hpp"

#include <string>
#include <variant>

namespace clearance::io {

/// Whose file may be read.
enum class file_trust : std::uint8_t {
  any,  ///< whoever named it knows
  ours, ///< our uid's, nothing for group and others, no symbolic link
};

/// Why a file was not read.
struct unread_sidecar {
  protocol::sidecar_fault why; ///< names no field
  bool ran_out = false;        ///< see ran_out(): not the file's fault
};

/// A whole regular file below the open directory `directory` (or AT_FDCWD).
/// Waits for no writer.
std::variant<std::string, unread_sidecar>
read_sidecar(int directory, const std::string& name, file_trust trust);

} // namespace clearance::io
