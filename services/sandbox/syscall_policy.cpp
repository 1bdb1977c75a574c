// A system call gets one of three answers:
//
//   allowed   if a table below lists it; each group has its reason.
//   ENOSYS    if no table lists it. A C library that is newer than the tables
//             tries calls that older kernels lack. After ENOSYS it uses the
//             older call (clone3, openat2, futex_waitv). After EPERM it would
//             believe that the file or the peer refused. An unknown call does
//             not kill the process: a hub that dies after an update of the C
//             library would leave blocks unseen.
//   death     if it is in the fatal list: calls that our programs never make
//             and an intruder would make, to examine other processes, to leave
//             the sandbox, or to run a program. After an error an intruder
//             could try for ever without being seen; the kernel logs a death.
//
// clone3 is never allowed, because its flags are in memory, which a filter
// cannot read; the flags of clone are checked. io_uring is never allowed,
// because no filter sees what is done through it.
//
// Calls that are made for each event (recvmsg, sendmsg, epoll_wait ...) have no
// condition: for those the kernel (5.11) does not run the filter at all.

#include "services/sandbox/syscall_policy.hpp"

#include "actors/base/sanitizers.hpp"

#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace clearance::services {

namespace {

constexpr bool is_sanitised = has_address_sanitizer || has_thread_sanitizer;

using syscall_groups = std::vector<syscall_group>;

syscall_rule equals(std::string name, unsigned argument, std::uint64_t value) {
  return {std::move(name),
          syscall_condition{argument, ~std::uint64_t{0}, value}};
}

syscall_rule has_bits(std::string name, unsigned argument, std::uint64_t bits) {
  return {std::move(name), syscall_condition{argument, bits, bits}};
}

syscall_rule lacks_bits(std::string name, unsigned argument,
                        std::uint64_t bits) {
  return {std::move(name), syscall_condition{argument, bits, 0}};
}

// `names` are separated by single spaces.
syscall_group calls(std::string_view reason, std::string_view names,
                    std::vector<syscall_rule> rules = {}) {
  while (!names.empty()) {
    const auto end = names.find(' ');
    rules.push_back({std::string{names.substr(0, end)}, {}});
    names.remove_prefix(end == names.npos ? names.size() : end + 1);
  }
  return {reason, std::move(rules)};
}

syscall_groups of_both() {
  return {
      calls("threads, and what they wait for",
            "futex futex_waitv set_robust_list get_robust_list rseq membarrier "
            "sched_yield sched_getaffinity set_tid_address gettid getcpu exit "
            "exit_group restart_syscall"),
      calls("memory", "brk munmap mremap madvise"),
      calls("signals",
            "rt_sigaction rt_sigprocmask rt_sigreturn rt_sigtimedwait "
            "sigaltstack"),
      calls("time, where the vDSO has none",
            "clock_gettime clock_getres clock_nanosleep gettimeofday nanosleep "
            "time"),
      calls("who we are; limits",
            "getpid getppid getuid geteuid getgid getegid getrandom getrlimit "
            "setrlimit prlimit64 getrusage sysinfo uname"),
      calls(
          "readiness, wake-ups, timers",
          "epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2 "
          "eventfd2 timerfd_create timerfd_settime timerfd_gettime poll ppoll "
          "pipe2"),
      calls("sockets of this machine alone, and what is said on them",
            "bind listen accept4 accept connect getsockopt setsockopt "
            "getsockname getpeername recvfrom recvmsg sendto sendmsg shutdown",
            {equals("socket", 0, AF_UNIX)}),
      calls("files: the log, peers' names in /proc, paths of sockets, locks",
            "openat open read pread64 readv write writev lseek close "
            "close_range fcntl flock dup dup2 dup3 fstat stat lstat newfstatat "
            "statx access faccessat faccessat2 readlink readlinkat unlink "
            "unlinkat mkdir mkdirat chmod fchmod fchmodat fchmodat2"),
      calls("noticing that a socket's file is removed",
            "inotify_init1 inotify_add_watch inotify_rm_watch"),
      calls("descriptors that do not block; is it a terminal?", "",
            {equals("ioctl", 1, FIONBIO), equals("ioctl", 1, FIONREAD),
             equals("ioctl", 1, TCGETS), equals("ioctl", 1, TIOCGWINSZ)}),
      calls("names of threads", "", {equals("prctl", 0, PR_SET_NAME)}),
  };
}

syscall_groups of_the_hub() {
  const auto self = static_cast<std::uint64_t>(::getpid());
  return {
      calls("new threads, no new process", "",
            {has_bits("clone", 0, CLONE_THREAD)}),
      calls("the directories of the policy and of the audit trail",
            "getdents getdents64"),
      calls("the files of the audit trail: synced, cut, rotated",
            "fsync fdatasync ftruncate rename renameat renameat2"),
      calls("memory that is never code", "",
            {lacks_bits("mmap", 2, PROT_EXEC),
             lacks_bits("mprotect", 2, PROT_EXEC)}),
      calls("signals to ourselves: abort()", "", {equals("tgkill", 0, self)}),
  };
}

syscall_groups of_git() {
  constexpr std::uint64_t namespaces =
      CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC
      | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;
  return {
      calls(
          "programs: git, shells, hooks; how they end",
          "fork vfork execve execveat wait4 waitid pidfd_open "
          "pidfd_send_signal kill tkill tgkill setpgid getpgid getpgrp setsid "
          "getsid getgroups getpriority setpriority times umask arch_prctl "
          "mmap mprotect",
          {lacks_bits("clone", 0, namespaces),
           equals("prctl", 0, PR_SET_PDEATHSIG)}),
      calls(
          "waiting: git's progress, a shell's children",
          "alarm setitimer getitimer pause rt_sigsuspend rt_sigpending select "
          "pselect6 pipe socketpair"),
      calls("a repository's files",
            "creat openat2 getdents getdents64 getcwd chdir fchdir statfs "
            "fstatfs pwrite64 preadv pwritev preadv2 pwritev2 copy_file_range "
            "sendfile splice rename renameat renameat2 link linkat symlink "
            "symlinkat rmdir truncate ftruncate fallocate fadvise64 fsync "
            "fdatasync sync_file_range msync mincore utime utimes utimensat "
            "futimesat getxattr lgetxattr fgetxattr listxattr llistxattr "
            "flistxattr"),
  };
}

// At the end LeakSanitizer stops all threads with a tracer of its own.
syscall_groups of_sanitisers() {
  if (!is_sanitised)
    return {};
  return {
      calls("the sanitisers' runtime",
            "ptrace clone wait4 prctl tgkill kill execve getdents getdents64 "
            "mmap mprotect mincore ftruncate")};
}

syscall_groups fatal_to_both() {
  return {
      calls("other processes: their memory, descriptors and registers",
            is_sanitised
                ? "process_vm_readv process_vm_writev pidfd_getfd"
                : "process_vm_readv process_vm_writev pidfd_getfd ptrace"),
      calls("mounts, root directories, namespaces",
            "mount umount2 move_mount open_tree fsopen fsconfig fsmount fspick "
            "mount_setattr pivot_root chroot unshare setns"),
      calls("the kernel: its code, keys and counters",
            "bpf userfaultfd perf_event_open init_module finit_module "
            "delete_module kexec_load kexec_file_load reboot swapon swapoff "
            "iopl ioperm add_key request_key keyctl"),
  };
}

void append_groups(syscall_groups& to, syscall_groups more) {
  for (auto& x : more)
    to.push_back(std::move(x));
}

} // namespace

bool allows_sanitisers() noexcept {
  return is_sanitised;
}

syscall_policy hub_syscalls() {
  syscall_policy result{of_both(), fatal_to_both()};
  append_groups(result.allowed, of_the_hub());
  append_groups(result.allowed, of_sanitisers());
  if (!is_sanitised)
    result.fatal.push_back(
        calls("other programs", "execve execveat fork vfork"));
  return result;
}

syscall_policy guard_reader_syscalls() {
  auto result = hub_syscalls();
  result.allowed.push_back(
      calls("the states of guarded containers: files in one directory, "
            "replaced whole",
            "getdents getdents64 rename renameat renameat2"));
  return result;
}

syscall_policy guard_forwarder_syscalls() {
  auto result = guard_reader_syscalls();
  result.allowed.push_back(
      calls("a socket for each query", "",
            {equals("socket", 0, AF_INET), equals("socket", 0, AF_INET6)}));
  return result;
}

syscall_policy gate_syscalls(gate_transport transport) {
  syscall_policy result{of_both(), fatal_to_both()};
  append_groups(result.allowed, of_git());
  append_groups(result.allowed, of_sanitisers());
  if (transport == gate_transport::tcp)
    result.allowed.push_back(
        calls("binding the TCP port, after the filter is set", "",
              {equals("socket", 0, AF_INET), equals("socket", 0, AF_INET6)}));
  return result;
}

} // namespace clearance::services
