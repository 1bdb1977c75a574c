/// Reads a sidecar from the disk.
#pragma once

#include "protocol/supervisor/sidecar.hpp"

#include <string>
#include <variant>

namespace clearance::io {

/// Which files may be read.
enum class file_trust : std::uint8_t {
  any, ///< every file: the person who named it is responsible
  /// a file of our uid, without access for group and others, no symbolic link
  ours,
};

/// Why a file was not read.
struct unread_sidecar {
  protocol::sidecar_fault why; ///< names no field of the file
  bool ran_out = false; ///< descriptors or memory ran out; the file may be good
};

/// Reads a whole regular file in the open directory `directory` (or AT_FDCWD).
/// Does not wait for a process that writes it.
std::variant<std::string, unread_sidecar>
read_sidecar(int directory, const std::string& name, file_trust trust);

} // namespace clearance::io
