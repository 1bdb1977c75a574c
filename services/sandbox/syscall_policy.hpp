/// Which system calls our programs may make, as tables.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace clearance::services {

/// (argument & mask) == value, on the argument of that number, from 0.
struct syscall_condition {
  unsigned argument = 0;
  std::uint64_t mask = ~std::uint64_t{0};
  std::uint64_t value = 0;
};

/// A call by its name. One that this machine's libseccomp does not know is left
/// out: its kernel has it not, or not yet.
struct syscall_rule {
  std::string name;
  std::optional<syscall_condition> when; ///< none: always
};

struct syscall_group {
  std::string_view reason;
  std::vector<syscall_rule> calls;
};

/// What is in neither list does not exist for the process: ENOSYS.
struct syscall_policy {
  std::vector<syscall_group> allowed;
  std::vector<syscall_group> fatal; ///< ends the process
};

/// Of a hub that leaves verdicts to a helper. It starts nothing. For the
/// process that calls: a rule names it.
syscall_policy hub_syscalls();

/// Where the gate listens. It and its git can make sockets of unix and, over
/// TCP, of IP.
enum class gate_transport : std::uint8_t { unix_socket, tcp };

/// Of a gate and of git, which the gate starts.
syscall_policy gate_syscalls(gate_transport transport);

/// Whether this build's tables hold what the runtime of a sanitiser needs,
/// which includes starting processes and looking into them. For tests.
bool allows_sanitisers() noexcept;

} // namespace clearance::services
