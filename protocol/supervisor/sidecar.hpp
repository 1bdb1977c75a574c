/// A container's sidecar: a file that says which services the container needs.
#pragma once

#include "protocol/text/secret.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace clearance::protocol {

/// Settings of a gate, except its socket.
struct sidecar_gate {
  std::string base_path;  ///< absolute; holds the bare repositories
  std::string project_id; ///< serves `<base_path>/<project_id>.git`
  secret token;
};

/// Why a field or a whole file is wrong. `why` is printable and never contains
/// the token.
struct sidecar_fault {
  std::string field; ///< empty if the fault is not in one field
  std::string why;
};

/// The fields that we use, checked. Source: supervisor.md, section 1.
struct sidecar {
  enum class ipc : std::uint8_t { socket, tcp };

  std::string container_name; ///< one safe path component
  ipc ipc_mode = ipc::socket;
  std::string runtime_dir;              ///< absolute, without `.` and `..`
  std::string container_id;             ///< 12 to 64 hex digits, or empty
  std::optional<std::int32_t> init_pid; ///< positive
  std::optional<sidecar_gate> gate;     ///< empty: no gate is to run
  /// Why there is no gate although the sidecar asks for one.
  std::optional<sidecar_fault> gate_fault;
  std::uint16_t gate_port = 0; ///< not 0 where there is a gate in tcp mode
  bool allow_debugger = false;
};

/// `<field>: <why>`, for a log line.
std::string to_string(const sidecar_fault& x);

/// Parses a whole file. Unknown fields are ignored. If a field is repeated, the
/// last value counts. null counts as absent. In a field of the gate an empty
/// text counts as absent, too. A fault in a field of the gate stops only the
/// gate: see sidecar::gate_fault. If there are several faults, the one that
/// comes first in the table of supervisor.md, section 1, is returned.
std::variant<sidecar, sidecar_fault> parse_sidecar(std::string_view text);

/// A second sidecar for the container `id`, without init_pid and otherwise like
/// `x`. It has a copy of the token.
sidecar for_container(const sidecar& x, std::string id);

/// Whether podman accepts the text as a container's name: it begins with a
/// letter or a digit; letters, digits, `_`, `.` and `-` follow. It has at most
/// 255 bytes.
bool is_container_name(std::string_view text) noexcept;

} // namespace clearance::protocol
