#include "services/guard/own_hub.hpp"

#include "actors/io/base/small_file.hpp"
#include "actors/io/process/find_program.hpp"
#include "actors/io/socket/unix_address.hpp"
#include "protocol/guard/limits.hpp"
#include "protocol/text/text.hpp"
#include "services/client/unix_socket.hpp"
#include "services/guard/outside_program.hpp"
#include "services/guard/say.hpp"
#include "services/process/setup_fault.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>
#include <variant>

namespace clearance::services {

namespace {

// A socket without a file, with a name of the kernel's choice. Nothing: errno
// says why.
struct notify_socket {
  io::unique_fd fd;
  std::string name; // as in NOTIFY_SOCKET
};

std::optional<notify_socket> make_notify_socket() {
  notify_socket x;
  x.fd.reset(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_un own{};
  own.sun_family = AF_UNIX;
  socklen_t size = sizeof own;
  const int yes = 1;
  if (!x.fd
      || ::bind(x.fd.get(), reinterpret_cast<const sockaddr*>(&own),
                sizeof own.sun_family)
             != 0
      || ::getsockname(x.fd.get(), reinterpret_cast<sockaddr*>(&own), &size)
             != 0
      || ::setsockopt(x.fd.get(), SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes)
             != 0)
    return std::nullopt;
  x.name = io::unix_name_of(own, size);
  return x;
}

// The next message that the process has sent; empty: there is none. Anybody can
// send to a socket without a file.
std::string next_message(int fd, pid_t from) {
  std::array<char, 1024> bytes{};
  iovec part{bytes.data(), bytes.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(ucred))> control{};
  for (;;) {
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const auto n = ::recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
    if (n <= 0)
      return {};
    const auto* head = CMSG_FIRSTHDR(&message);
    ucred sender{};
    if (head == nullptr || head->cmsg_type != SCM_CREDENTIALS)
      continue;
    std::memcpy(&sender, CMSG_DATA(head), sizeof sender);
    if (sender.pid == from)
      return {bytes.data(), static_cast<std::size_t>(n)};
  }
}

// Whether the hub says READY=1 before it ends. Source: sd_notify(3).
bool await_ready(const notify_socket& from, const helper_program& hub) {
  const auto end =
      std::chrono::steady_clock::now() + protocol::guard_limits::hub_start;
  for (;;) {
    const auto message = next_message(from.fd.get(), hub.pid());
    if (message.starts_with("READY=1"))
      return true;
    if (!message.empty())
      continue;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(
        end - std::chrono::steady_clock::now());
    if (left.count() <= 0)
      return false;
    std::array<pollfd, 2> entries{
        {{from.fd.get(), POLLIN, 0}, {hub.pidfd(), POLLIN, 0}}};
    if (::poll(entries.data(), entries.size(), static_cast<int>(left.count()))
        <= 0)
      continue;
    if (entries[0].revents == 0)
      return false;
  }
}

// Holds the number of the hub that a run has started.
std::string hub_pid_file(const std::string& directory) {
  return directory + "/hub.pid";
}

void write_hub_pid(const std::string& directory, pid_t pid) {
  const auto path = hub_pid_file(directory);
  const auto draft = path + ".new";
  const auto text = std::to_string(pid);
  const io::unique_fd fd{
      ::open(draft.c_str(),
             O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600)};
  // Without it other runs do not notice the hub's end.
  if (!fd
      || ::write(fd.get(), text.data(), text.size())
             != static_cast<ssize_t>(text.size())
      || ::rename(draft.c_str(), path.c_str()) != 0)
    say("cannot write " + protocol::escaped(path) + ": " + error_text(errno));
}

bool is_hub_of_run(const std::string& directory, pid_t pid) {
  const auto file = io::open_regular(AT_FDCWD, hub_pid_file(directory));
  const auto* opened = std::get_if<io::regular_file>(&file);
  if (opened == nullptr)
    return false;
  const auto text = io::read_up_to(opened->fd.get(), 32);
  const auto* number = std::get_if<std::string>(&text);
  return number != nullptr && *number == std::to_string(pid);
}

// The process that takes lines at this socket. 0: none does.
pid_t hub_at(const std::string& reader_socket) {
  const auto connected = connect_unix(reader_socket, connect_time_limit);
  const auto* fd = std::get_if<descriptor>(&connected);
  ucred peer{};
  socklen_t size = sizeof peer;
  if (fd == nullptr
      || ::getsockopt(fd->get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
    return 0;
  return peer.pid;
}

// A hub, or why there is none.
using started_hub = std::variant<helper_program, std::string>;

started_hub start_own_hub(const std::string& directory) try {
  const auto program = io::find_program("terok-clearance");
  if (program.empty())
    return "terok-clearance is not installed";
  warn_if_replaceable(program);
  const auto log = directory + "/hub.log";
  const io::unique_fd err{
      ::open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
             0600)};
  const auto notify = make_notify_socket();
  if (!err || !notify)
    return error_text(errno);
  helper_spec spec;
  spec.words = {program,    "serve",       "--inline-verdict",
                "--shield", own_program(), "--log-level",
                "info"};
  spec.environment = {{"NOTIFY_SOCKET", notify->name}};
  spec.err = err.get();
  helper_program hub(spec);
  if (!await_ready(*notify, hub))
    return protocol::escaped(log) + " says why it ended";
  write_hub_pid(directory, hub.pid());
  say("no hub runs, so one was started for this run (its log is "
      + protocol::escaped(log)
      + "). To see blocks and how to answer them, type in another terminal:"
        " terok-clearance watch");
  return hub;
} catch (const setup_fault& e) {
  return std::string{e.what()};
}

} // namespace

run_hub::run_hub(std::string reader_socket, std::string directory)
    : reader_socket_(std::move(reader_socket)),
      directory_(std::move(directory)) {
  // nop
}

void run_hub::ensure() {
  // If two runs start one at the same time, the second one fails and finds that
  // of the first one.
  std::string why;
  for (int i = 0; i < 2; ++i) {
    if (const auto pid = hub_at(reader_socket_); pid != 0) {
      if (is_hub_of_run(directory_, pid))
        other_.reset(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
      return;
    }
    auto started = start_own_hub(directory_);
    if (auto* hub = std::get_if<helper_program>(&started)) {
      own_ = std::move(*hub);
      return;
    }
    why = std::move(std::get<std::string>(started));
  }
  say("no hub runs, and none was started: " + why
      + "; nobody is told of blocks");
}

int run_hub::pidfd() const noexcept {
  return other_ ? other_.get() : own_.pidfd();
}

void run_hub::replace() {
  if (!other_) {
    own_ = {};
    say("the hub that this run has started has ended: nobody is told of"
        " blocks");
    return;
  }
  other_.reset();
  say("the run that had started the hub has ended, and its hub, too");
  ensure();
}

} // namespace clearance::services
