#include "services/guard/hold_keeper.hpp"

#include "protocol/guard/rules.hpp"
#include "services/client/unix_socket.hpp"
#include "services/guard/descriptor_passing.hpp"
#include "services/guard/firewall.hpp"
#include "services/guard/say.hpp"
#include "services/process/exit_code.hpp"
#include "services/process/setup_fault.hpp"
#include "services/process/stderr_lines.hpp"
#include "services/sandbox/landlock.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <exception>
#include <string>
#include <string_view>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>

namespace clearance::services {

namespace {

constexpr std::string_view hold_word = "hold";
constexpr std::string_view refuse_word = "refuse";

// A connection that waits is repeated each second for 66 s. Kernels before 6.5
// repeat it after 1, 3, 7, 15 s and so on. Source: ip-sysctl.rst.
void repeat_connections_often() {
  write_file("/proc/sys/net/ipv4/tcp_syn_linear_timeouts", "60");
  write_file("/proc/sys/net/ipv4/tcp_syn_retries", "66");
}

void let_datagrams_wait(firewall& rules) {
  const auto found = plain_devices();
  const auto why =
      found ? rules.change(protocol::hold_datagrams_text(*found))
            : std::string{"it has no device whose name can stand in a rule"};
  if (!why.empty())
    say("in this namespace only TCP connections wait for a verdict, everything"
        " else that is blocked is refused at once: "
        + why);
}

[[noreturn]] void be_hold_keeper(int channel, const guarded_process& where) {
  ::setpgid(0, 0); // Ctrl-C is for others
  ::signal(SIGPIPE, SIG_IGN);
  never_wait_for_stderr();
  for (const int x : {SIGTERM, SIGINT, SIGHUP})
    ::signal(x, SIG_IGN); // it ends when the channel is closed
  try {
    if (auto why = enter_namespaces(where); !why.empty())
      throw setup_fault(exit_failed, why);
    // The NFLOG socket, for example: a later guard must get its groups.
    close_all_but(channel, channel);
    repeat_connections_often();
    firewall rules;
    let_datagrams_wait(rules);
    try {
      restrict_files({});
    } catch (const std::system_error& e) {
      say(std::string{"Landlock failed, the process that changes the firewall"
                      " can open all files: "}
          + e.what());
    }
    send_with_descriptor(channel, "ready", -1);
    for (bool open = true; open;) {
      const auto word = receive_with_descriptor(channel).text;
      open = !word.empty();
      const bool hold = word == hold_word;
      if (const auto why = rules.change(protocol::hold_text(hold));
          !why.empty())
        say("blocked connections do not wait: " + why);
      else if (open)
        say(hold ? "blocked connections wait for verdicts"
                 : "no hub is connected: blocked connections are refused at"
                   " once");
      send_with_descriptor(channel, "done", -1);
    }
    ::_exit(0);
  } catch (const std::exception& e) {
    say(std::string{"blocked connections are refused at once: "} + e.what());
  }
  ::_exit(1);
}

} // namespace

io::unique_fd start_hold_keeper(const guarded_process& where) {
  std::array<int, 2> ends{-1, -1};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
    throw setup_fault(exit_failed, "no sockets: " + error_text(errno));
  io::unique_fd ours{ends[0]};
  io::unique_fd theirs{ends[1]};
  const auto pid = ::fork();
  if (pid < 0)
    throw setup_fault(exit_failed, "no process: " + error_text(errno));
  if (pid == 0) {
    ours.reset();
    be_hold_keeper(theirs.get(), where);
  }
  theirs.reset();
  if (receive_with_descriptor(ours.get()).text.empty())
    return {}; // it has said why
  return ours;
}

void tell_keeper(int channel, bool hold) {
  // If it has ended, the firewall stays as it is: nothing passes.
  if (send_with_descriptor(channel, hold ? hold_word : refuse_word, -1))
    receive_with_descriptor(channel);
}

} // namespace clearance::services
