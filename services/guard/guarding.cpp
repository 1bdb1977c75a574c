#include "services/guard/guarding.hpp"

#include "actors/io/socket/unix_address.hpp"
#include "protocol/guard/limits.hpp"
#include "protocol/text/text.hpp"
#include "services/client/unix_socket.hpp"
#include "services/guard/firewall.hpp"
#include "services/guard/say.hpp"
#include "services/process/exit_code.hpp"
#include "services/process/paths.hpp"
#include "services/process/setup_fault.hpp"
#include "services/sandbox/landlock.hpp"
#include "services/sandbox/seccomp.hpp"
#include "services/sandbox/syscall_policy.hpp"

#include <cerrno>
#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <variant>
#include <vector>

namespace clearance::services {

namespace {

using protocol::guard_state;

// A process that has ended keeps its number and its name until its parent asks
// for its exit code.
bool has_ended(pid_t pid) {
  const io::unique_fd pidfd{
      static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))};
  if (!pidfd)
    return errno == ESRCH;
  pollfd entry{pidfd.get(), POLLIN, 0};
  return ::poll(&entry, 1, 0) != 0;
}

// Whether the process that the state names has ended. One that cannot be
// examined may be there.
bool container_has_ended(const guard_state& x) {
  const auto pid = static_cast<pid_t>(x.pid);
  if (has_ended(pid))
    return true;
  const auto opened = open_process(pid);
  const auto* process = std::get_if<guarded_process>(&opened);
  return process != nullptr && process->start_time != x.start_time;
}

[[noreturn]] void refuse_second(const std::string& what,
                                const guard_state& by) {
  throw setup_fault(exit_failed, what + " is guarded already, by process "
                                     + std::to_string(by.guard)
                                     + " as the container " + by.container);
}

std::string few_descriptors(std::size_t free, int error) {
  return "only " + std::to_string(free) + " descriptors are free, "
         + std::to_string(protocol::guard_limits::free_descriptors_min)
         + " are needed (" + error_text(error)
         + "): raise the limit, ulimit -n 1024";
}

} // namespace

void require_descriptors() {
  constexpr auto needed = protocol::guard_limits::free_descriptors_min;
  std::vector<io::unique_fd> all;
  all.reserve(needed);
  while (all.size() < needed) {
    io::unique_fd fd{::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0)};
    if (!fd)
      throw setup_fault(exit_failed, few_descriptors(all.size(), errno));
    all.push_back(std::move(fd));
  }
}

bool has_running_guard(const guard_state& x) {
  const auto pid = static_cast<pid_t>(x.guard);
  return pid != 0 && !has_ended(pid)
         && start_time_of(pid) == x.guard_start_time;
}

void refuse_guarded(const state_store& store, const std::string& container) {
  for (const auto& x : store.all())
    if (has_running_guard(x)) {
      if (x.container == container)
        refuse_second("the container " + container, x);
    } else if (container_has_ended(x)) {
      store.remove(x); // its guard was killed
    }
}

guard_state state_for(const state_store& store, const std::string& container,
                      const std::string& name, const guarded_process& process) {
  refuse_guarded(store, container);
  guard_state result;
  for (auto& x : store.all()) {
    const bool same = x.net_namespace == process.net_inode;
    if (same && has_running_guard(x))
      refuse_second("the namespace of process " + std::to_string(process.pid),
                    x);
    if (same && x.container == container)
      result = std::move(x);
    else if (same)
      store.remove(x); // an earlier guard called this namespace something else
  }
  result.container = container;
  result.name = name;
  result.pid = static_cast<std::uint64_t>(process.pid);
  result.start_time = process.start_time;
  result.user_namespace = process.user_inode;
  result.net_namespace = process.net_inode;
  result.guard = static_cast<std::uint64_t>(::getpid());
  result.guard_start_time = start_time_of(::getpid()).value_or(0);
  return result;
}

work_result load_and_open(const std::vector<std::string>& rules) {
  firewall to;
  for (const auto& text : rules)
    if (auto why = to.change(text); !why.empty())
      return {std::move(why), {}};
  auto opened = open_nflog();
  if (auto* fault = std::get_if<nflog_fault>(&opened))
    return {std::move(fault->why), {}};
  return {{}, std::move(std::get<io::unique_fd>(opened))};
}

std::string socket_of_hub(const std::string& given, guard_emit emit) {
  if (emit == guard_emit::json)
    return {};
  auto path = absolute_socket_path(
      given.empty() ? default_reader_socket(runtime_directory()) : given);
  if (path.size() > socket_path_max_bytes)
    throw setup_fault(
        exit_failed,
        (given.empty() ? "the hub's socket would be " : "--hub: ")
            + protocol::escaped(path) + (given.empty() ? ", " : " is ")
            + "longer than the " + std::to_string(socket_path_max_bytes)
            + " bytes that a socket's path may have: "
            + (given.empty() ? "set XDG_RUNTIME_DIR to a shorter directory"
                             : "name a shorter path"));
  return path;
}

path_rule states_rule() {
  return {state_directory(), path_access::modify, true};
}

void give_up_rights(const std::string& hub, std::vector<path_rule> paths) {
  if (!hub.empty())
    paths.push_back(
        {hub.substr(0, hub.rfind('/') + 1), path_access::read, false});
  try {
    if (restrict_files(paths) == file_restriction::unsupported)
      say("this kernel has no Landlock: the reader can open all files of its"
          " user");
  } catch (const std::system_error& e) {
    say(std::string{"Landlock failed, the reader can open all files of its"
                    " user: "}
        + e.what());
  }
  if (!drop_capabilities())
    throw setup_fault(exit_failed,
                      "capabilities cannot be given up: " + error_text(errno));
  try {
    if (filter_syscalls(guard_reader_syscalls()) == filtering::unsupported)
      say("system calls are not filtered (seccomp): the reader can make all of"
          " them");
  } catch (const std::system_error& e) {
    throw setup_fault(exit_failed, e.what());
  }
}

void leave_state(const std::string& container, reader_end end) {
  const state_store store(state_directory());
  auto found = store.find(container);
  auto* state = std::get_if<guard_state>(&found);
  if (state == nullptr
      || state->guard != static_cast<std::uint64_t>(::getpid()))
    return;
  if (end == reader_end::container_exited) {
    store.remove(*state);
  } else {
    state->guard = 0;
    state->guard_start_time = 0;
    store.save(*state);
  }
}

} // namespace clearance::services
