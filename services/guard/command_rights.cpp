#include "services/guard/command_rights.hpp"

#include "services/client/unix_socket.hpp"
#include "services/guard/namespaces.hpp"
#include "services/guard/say.hpp"
#include "services/sandbox/seccomp.hpp"

#include <asm/ioctls.h>
#include <cerrno>
#include <cstdint>
#include <linux/securebits.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <system_error>
#include <vector>

namespace clearance::services {

namespace {

// 32 bits: the kernel ignores the upper half of these arguments.
constexpr std::uint64_t low_half = 0xffffffff;

// Sockets of these families alone stay in the network namespace: those of
// virtual machines (vsock) and of Bluetooth belong to the whole machine.
constexpr int families_max = 64;
constexpr bool stays_inside(int family) {
  return family == AF_UNSPEC || family == AF_UNIX || family == AF_INET
         || family == AF_INET6 || family == AF_NETLINK;
}

std::vector<denied_syscall> denied_to_command(bool shares_group) {
  std::vector<denied_syscall> result;
  // They put words into the terminal that the user's shell reads next.
  for (const auto request : {TIOCSTI, TIOCLINUX})
    result.push_back(
        {{"ioctl",
          syscall_condition{1, low_half, static_cast<std::uint64_t>(request)}},
         EPERM});
  for (int family = 0; family < families_max; ++family)
    if (!stays_inside(family))
      result.push_back(
          {{"socket",
            syscall_condition{0, low_half, static_cast<std::uint64_t>(family)}},
           EAFNOSUPPORT});
  // The keys of the user's session belong to programs outside.
  for (const auto* name : {"keyctl", "add_key", "request_key"})
    result.push_back({{name, std::nullopt}, EPERM});
  if (shares_group) {
    constexpr std::uint64_t to_group = 4; // PIDFD_SIGNAL_PROCESS_GROUP
    result.push_back({{"kill", syscall_condition{0, low_half, 0}}, EPERM});
    result.push_back(
        {{"pidfd_send_signal", syscall_condition{3, to_group, to_group}},
         EINVAL});
  }
  // It makes sockets without a system call that could be looked at.
  result.push_back({{"io_uring_setup", std::nullopt}, ENOSYS});
  return result;
}

bool has_no_way_back() {
  constexpr auto locked = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED;
  return (::prctl(PR_GET_SECUREBITS, 0UL, 0UL, 0UL, 0UL) & locked) == locked
         && ::prctl(PR_GET_NO_NEW_PRIVS, 0UL, 0UL, 0UL, 0UL) == 1;
}

} // namespace

std::string give_up_command_rights(uid_t uid, gid_t gid,
                                   bool shares_group) try {
  if (::unshare(CLONE_NEWUSER) != 0 || !map_user(uid, uid, gid, gid)) {
    const int error = errno;
    auto why =
        "a user namespace of its own cannot be made: " + error_text(error);
    return error == ENOSPC ? why + "; " + namespace_limit_text() : why;
  }
  if (!drop_capabilities() || !has_no_way_back())
    return "capabilities cannot be given up: " + error_text(errno);
  if (deny_syscalls(denied_to_command(shares_group)) == filtering::unsupported)
    say("system calls are not filtered (seccomp): COMMAND can put words into"
        " this terminal, and use vsock");
  return {};
} catch (const std::system_error& e) {
  return e.what();
}

} // namespace clearance::services
