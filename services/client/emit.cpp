#include "services/client/emit.hpp"

#include "protocol/base/limits.hpp"
#include "protocol/text/text.hpp"
#include "services/cli/terminal.hpp"
#include "services/client/reader_lines.hpp"
#include "services/client/socket_owner.hpp"
#include "services/client/unix_socket.hpp"
#include "services/process/exit_code.hpp"
#include "services/process/standard_descriptors.hpp"

#include <cerrno>
#include <csignal>
#include <poll.h>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>

// The hub sends nothing on this socket. It closes the connection when it has
// read everything and has seen our end: so we know that it read everything. A
// hub that leaves before resets the connection, or our writing fails.
//
// To an operators' socket our lines are the beginning of a message that has no
// end. It answers with an error once it has seen our end.
namespace clearance::services {

namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

/// How long the hub may take to read what the socket holds at our end. It takes
/// a moment, unless the hub hangs.
constexpr auto drain_time_limit = 10s;

class sender {
public:
  explicit sender(std::string path) : path_(std::move(path)) {}

  /// Each says why on stderr and returns false when it fails.
  bool connect();
  bool send(std::string_view bytes);
  bool send_from(int source);
  bool finish();

private:
  /// The peer sent something, or its end, before we were done.
  bool answered();

  bool lost(const std::string& why) {
    auto foreign = foreign_owner(path_);
    // An operators' socket takes no message that is so long.
    const bool doubtful = sent_ > protocol::limits::varlink_message_max_bytes;
    complain("the hub at " + shown(path_) + " " + why
             + (doubtful ? "; is it the socket for readers?" : "")
             + (foreign.empty() ? "" : "; " + foreign));
    return false;
  }

  std::string path_;
  descriptor connection_;
  std::size_t sent_ = 0;
};

bool sender::connect() {
  auto result = connect_unix(path_, connect_time_limit);
  if (auto* error = std::get_if<connect_error>(&result)) {
    complain(cannot_connect(path_, *error, "--reader-socket"));
    return false;
  }
  connection_ = std::move(std::get<descriptor>(result));
  return true;
}

bool sender::send(std::string_view bytes) {
  while (!bytes.empty()) {
    auto n =
        ::send(connection_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(n));
      sent_ += static_cast<std::size_t>(n);
    } else if (errno == EAGAIN) {
      // For as long as it takes: a hub slows readers down, and the end of the
      // connection ends the wait.
      pollfd entry{connection_.get(), POLLOUT | POLLIN, 0};
      ::poll(&entry, 1, -1);
      if ((entry.revents & POLLIN) != 0)
        return answered();
    } else if (errno != EINTR) {
      return lost("went away before it had read everything");
    }
  }
  return true;
}

bool sender::answered() {
  char byte = 0;
  return lost(::recv(connection_.get(), &byte, 1, 0) > 0
                  ? "answers; is it the socket for readers?"
                  : "went away before it had read everything");
}

bool sender::send_from(int source) {
  std::string buffer(protocol::limits::read_max_bytes, '\0');
  for (;;) {
    pollfd entries[] = {{source, POLLIN, 0}, {connection_.get(), POLLIN, 0}};
    if (::poll(entries, 2, -1) < 0) {
      if (errno == EINTR)
        continue;
      complain("cannot wait: " + error_text(errno));
      return false;
    }
    if (entries[1].revents != 0)
      return lost("closed the connection");
    auto n = ::read(source, buffer.data(), buffer.size());
    if (n == 0)
      return true;
    if (n > 0) {
      if (!send({buffer.data(), static_cast<std::size_t>(n)}))
        return false;
    } else if (errno != EINTR && errno != EAGAIN) {
      complain("cannot read stdin: " + error_text(errno));
      return false;
    }
  }
}

bool sender::finish() {
  ::shutdown(connection_.get(), SHUT_WR);
  auto deadline = clock::now() + drain_time_limit;
  for (;;) {
    char byte = 0;
    auto n = ::recv(connection_.get(), &byte, 1, 0);
    if (n == 0)
      return true;
    if (n > 0)
      return lost("answers; is it the socket for readers?");
    if (errno == EINTR)
      continue;
    if (errno != EAGAIN)
      return lost("went away before it had read everything");
    if (wait_for(connection_.get(), POLLIN, deadline) != waited::ready)
      return lost("does not read");
  }
}

int emit_options(sender& hub, emit_line line) {
  if (line.type == "connection_blocked" && line.request_id.empty())
    line.request_id = make_request_id(line.container);
  std::string bytes;
  append_line(bytes, line);
  if (!hub.send(bytes) || !hub.finish())
    return exit_failed;
  if (line.request_id.empty())
    return exit_ok;
  // The id that a verdict has to cite.
  protocol::sanitise(line.request_id);
  // Exit code 1 would say that the hub has no event.
  if (const auto why = print(line.request_id + "\n"); !why.empty())
    complain("the event was sent, but " + why);
  return exit_ok;
}

} // namespace

int emit(const emit_config& config) {
  // Else a closed pipe at stdout ends the process without a word.
  std::signal(SIGPIPE, SIG_IGN);
  sender hub{config.reader_socket};
  if (!hub.connect())
    return exit_failed;
  if (config.line)
    return emit_options(hub, *config.line);
  if (::isatty(STDIN_FILENO) == 1)
    complain("sending what you type, one JSON object a line; Ctrl-D ends it");
  if (!hub.send_from(STDIN_FILENO) || !hub.finish())
    return exit_failed;
  return exit_ok;
}

} // namespace clearance::services
