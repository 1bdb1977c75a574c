/// Tables of the system calls that our programs may make.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace clearance::services {

/// (argument & mask) == value, for the argument with this number, counted from
/// 0.
struct syscall_condition {
  unsigned argument = 0;
  std::uint64_t mask = ~std::uint64_t{0};
  std::uint64_t value = 0;
};

/// A system call, by its name. If libseccomp does not know the name, the rule
/// is skipped: the kernel then lacks the call, or is newer than libseccomp.
struct syscall_rule {
  std::string name;
  std::optional<syscall_condition> when; ///< nothing: always allowed
};

struct syscall_group {
  std::string_view reason;
  std::vector<syscall_rule> calls;
};

/// A call that is in neither list fails with ENOSYS.
struct syscall_policy {
  std::vector<syscall_group> allowed;
  std::vector<syscall_group> fatal; ///< these calls end the process
};

/// For a hub that leaves verdicts to a helper; it starts no programs. One rule
/// names the pid of the process that calls this function.
syscall_policy hub_syscalls();

/// For the reader of terok-guard; it makes what the hub makes, and changes the
/// files of states. One rule names the pid, as for hub_syscalls().
syscall_policy guard_reader_syscalls();

/// For the DNS forwarder of terok-guard: as its reader, and it dials a name
/// server.
syscall_policy guard_forwarder_syscalls();

/// Where the gate listens. The gate and its git may make unix sockets and, with
/// `tcp`, also IP sockets.
enum class gate_transport : std::uint8_t { unix_socket, tcp };

/// For a gate and for git, which the gate starts.
syscall_policy gate_syscalls(gate_transport transport);

/// Whether the tables of this build allow what the runtime of a sanitiser
/// needs. That includes starting processes and examining them. For tests.
bool allows_sanitisers() noexcept;

} // namespace clearance::services
