#include "services/guard/namespaces.hpp"

#include "actors/io/base/small_file.hpp"
#include "services/client/unix_socket.hpp"
#include "services/guard/descriptor_passing.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <exception>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/nsfs.h>
#include <linux/securebits.h>
#include <poll.h>
#include <sched.h>
#include <string_view>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace clearance::services {

namespace {

constexpr std::size_t proc_file_max_bytes = 16 * 1024;
constexpr unsigned namespace_max_depth = 32; // of the kernel: 32

std::uint64_t inode_of(int fd) {
  struct stat info {};
  return ::fstat(fd, &info) == 0 ? info.st_ino : 0;
}

std::string proc_file(int directory, const std::string& name) {
  auto file = io::open_regular(directory, name);
  auto* opened = std::get_if<io::regular_file>(&file);
  if (opened == nullptr)
    return {};
  auto text = io::read_up_to(opened->fd.get(), proc_file_max_bytes);
  auto* bytes = std::get_if<std::string>(&text);
  return bytes == nullptr ? std::string{} : std::move(*bytes);
}

// The 22nd field; the second one is a name in brackets that may hold anything.
// Source: proc(5), /proc/PID/stat.
std::optional<std::uint64_t> start_time_in(std::string_view stat) {
  auto at = stat.rfind(')');
  if (at == std::string_view::npos)
    return std::nullopt;
  for (int field = 2; field < 22; ++field) {
    at = stat.find(' ', at);
    if (at == std::string_view::npos)
      return std::nullopt;
    ++at;
  }
  std::uint64_t value = 0;
  const auto end =
      std::from_chars(stat.data() + at, stat.data() + stat.size(), value);
  return end.ec == std::errc{} ? std::optional{value} : std::nullopt;
}

// The capabilities that the process or a program that it starts can have.
std::optional<std::uint64_t> bounding_set_in(std::string_view status) {
  constexpr std::string_view key = "\nCapBnd:\t";
  const auto at = status.find(key);
  if (at == std::string_view::npos)
    return std::nullopt;
  std::uint64_t value = 0;
  const auto* begin = status.data() + at + key.size();
  const auto end =
      std::from_chars(begin, status.data() + status.size(), value, 16);
  return end.ec == std::errc{} ? std::optional{value} : std::nullopt;
}

// Whether the user namespace `inner` lies below the one with the inode `outer`:
// then no process in it has a capability over what `outer` owns.
bool lies_below(int inner, std::uint64_t outer) {
  io::unique_fd at{::ioctl(inner, NS_GET_PARENT)};
  for (unsigned i = 0; at && i < namespace_max_depth; ++i) {
    if (inode_of(at.get()) == outer)
      return true;
    at.reset(::ioctl(at.get(), NS_GET_PARENT));
  }
  return false;
}

// `own` is the user namespace of the process.
std::vector<std::string> powers_of(int own, std::uint64_t owner,
                                   std::string_view status) {
  if (lies_below(own, owner))
    return {};
  const auto set = bounding_set_in(status).value_or(~std::uint64_t{0});
  std::vector<std::string> result;
  if ((set >> CAP_NET_ADMIN & 1) != 0)
    result.emplace_back("CAP_NET_ADMIN");
  if ((set >> CAP_NET_RAW & 1) != 0)
    result.emplace_back("CAP_NET_RAW");
  if ((set >> CAP_SYS_ADMIN & 1) != 0)
    result.emplace_back("CAP_SYS_ADMIN");
  return result;
}

bool process_has_ended(int pidfd) {
  pollfd entry{pidfd, POLLIN, 0};
  return ::poll(&entry, 1, 0) != 0;
}

std::string errno_fault(const char* what) {
  return std::string{what} + ": " + error_text(errno);
}

// Enters a namespace, unless this process is in it already: nobody may enter
// his own user namespace.
bool enter(int fd, std::uint64_t inode, const char* own, int type) {
  struct stat info {};
  if (::stat(own, &info) == 0 && info.st_ino == inode)
    return true;
  return ::setns(fd, type) == 0;
}

[[noreturn]] void be_worker(int channel,
                            const std::function<work_result()>& work) {
  work_result result;
  try {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    result = work();
  } catch (const std::exception& e) {
    result.fault = e.what();
  }
  const bool sent = send_with_descriptor(
      channel, std::to_string(result.number) + ' ' + result.fault,
      result.fd.get());
  ::_exit(sent && result.fault.empty() ? 0 : 1);
}

} // namespace

std::variant<guarded_process, std::string> open_process(pid_t pid) {
  guarded_process x;
  x.pid = pid;
  x.pidfd.reset(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!x.pidfd)
    return errno == ESRCH ? "does not run" : errno_fault("cannot be watched");
  const auto path = "/proc/" + std::to_string(pid);
  const io::unique_fd proc{
      ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!proc)
    return errno_fault("cannot be examined");
  const io::unique_fd own{
      ::openat(proc.get(), "ns/user", O_RDONLY | O_CLOEXEC)};
  x.net.reset(::openat(proc.get(), "ns/net", O_RDONLY | O_CLOEXEC));
  if (!own || !x.net)
    return errno_fault("has namespaces that cannot be opened");
  // Of a process that went into a user namespace of its own later, that is not
  // the one that owns the network namespace.
  x.user.reset(::ioctl(x.net.get(), NS_GET_USERNS));
  if (!x.user)
    return errno_fault(errno == EPERM
                           ? "has a network namespace of another user"
                           : "has a network namespace whose owner is unknown");
  x.user_inode = inode_of(x.user.get());
  x.net_inode = inode_of(x.net.get());
  const auto start = start_time_in(proc_file(proc.get(), "stat"));
  x.powers =
      powers_of(own.get(), x.user_inode, proc_file(proc.get(), "status"));
  // If it ended in between, its files may be those of nobody.
  if (!start || process_has_ended(x.pidfd.get()))
    return "does not run";
  x.start_time = *start;
  return x;
}

std::optional<std::uint64_t> start_time_of(pid_t pid) {
  return start_time_in(
      proc_file(AT_FDCWD, "/proc/" + std::to_string(pid) + "/stat"));
}

std::string enter_namespaces(const guarded_process& where) {
  if (!enter(where.user.get(), where.user_inode, "/proc/self/ns/user",
             CLONE_NEWUSER))
    return errno_fault("its user namespace cannot be entered");
  if (!enter(where.net.get(), where.net_inode, "/proc/self/ns/net",
             CLONE_NEWNET))
    return errno_fault("its network namespace cannot be entered");
  return {};
}

work_result work_in_child(const std::function<work_result()>& work) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
    return {errno_fault("no sockets for a helper process"), {}};
  io::unique_fd ours{ends[0]};
  io::unique_fd theirs{ends[1]};
  const auto child = ::fork();
  if (child < 0)
    return {errno_fault("no helper process"), {}};
  if (child == 0) {
    ours.reset();
    be_worker(theirs.get(), work);
  }
  theirs.reset();
  auto message = receive_with_descriptor(ours.get());
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    // nop
  }
  if (message.text.empty())
    return {"the helper process ended without an answer", {}};
  const auto space = message.text.find(' ');
  int number = 0;
  std::from_chars(message.text.data(), message.text.data() + space, number);
  return {message.text.substr(space + 1), std::move(message.fd), number};
}

work_result work_in_namespaces(const guarded_process& where,
                               const std::function<work_result()>& work) {
  return work_in_child([&]() -> work_result {
    if (auto why = enter_namespaces(where); !why.empty())
      return {std::move(why), {}};
    return work();
  });
}

bool drop_capabilities() {
  // Without CAP_SETPCAP this fails; then no_new_privs is enough.
  ::prctl(PR_SET_SECUREBITS,
          SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP
              | SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED
              | SECBIT_NO_CAP_AMBIENT_RAISE
              | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED,
          0UL, 0UL, 0UL);
  // Fails for numbers that this kernel does not know, and without CAP_SETPCAP;
  // then there is nothing to take from the set, or nothing to gain by it:
  // no_new_privs forbids to gain anything.
  for (unsigned long i = 0; i < 64; ++i)
    ::prctl(PR_CAPBSET_DROP, i, 0UL, 0UL, 0UL);
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL) != 0)
    return false;
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0UL, 0UL, 0UL);
  __user_cap_header_struct head{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> none{};
  return ::syscall(SYS_capset, &head, none.data()) == 0;
}

bool map_user(uid_t uid, uid_t outer_uid, gid_t gid, gid_t outer_gid) {
  const auto line = [](auto inner, auto outer) {
    return std::to_string(inner) + ' ' + std::to_string(outer) + " 1";
  };
  // Whoever may not leave his groups must not get rid of them this way.
  return write_file("/proc/self/setgroups", "deny")
         && write_file("/proc/self/uid_map", line(uid, outer_uid))
         && write_file("/proc/self/gid_map", line(gid, outer_gid));
}

std::string namespace_limit_text() {
  std::string none;
  for (const auto* kind : {"user", "net", "mnt", "ipc", "pid"}) {
    const auto name = std::string{"max_"} + kind + "_namespaces";
    const auto text = proc_file(AT_FDCWD, "/proc/sys/user/" + name);
    if (text == "0\n")
      none += (none.empty() ? "user." : ", user.") + name;
  }
  return none.empty() ? "one of the sysctls user.max_*_namespaces is reached"
                        " (two user namespaces are needed)"
                      : none + " is 0";
}

bool write_file(const char* path, std::string_view text) {
  const io::unique_fd fd{::open(path, O_WRONLY | O_CLOEXEC)};
  return fd
         && ::write(fd.get(), text.data(), text.size())
                == static_cast<ssize_t>(text.size());
}

} // namespace clearance::services
