#include "services/client/relay.hpp"

#include "protocol/operator/client_limits.hpp"
#include "services/cli/terminal.hpp"
#include "services/client/hub_finder.hpp"
#include "services/client/relay_mux.hpp"
#include "services/client/socket_identity.hpp"
#include "services/client/stop_signals.hpp"
#include "services/client/unix_socket.hpp"
#include "services/process/exit_code.hpp"
#include "services/process/paths.hpp"

#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <map>
#include <poll.h>
#include <unistd.h>

// One thread and one poll over: the signals, stdin and stdout, the directories,
// and each channel's hub. It sleeps until one of them has something to say.
namespace clearance::services {

namespace {

using namespace std::chrono_literals;

/// How often to look where the kernel does not say that something changed.
constexpr auto relay_look_interval = 5s;

/// While it exists, the descriptor does not block. Whoever shares it with us
/// (a shell) gets it back as it was.
class unblocked {
public:
  explicit unblocked(int fd) : fd_(fd), flags_(::fcntl(fd, F_GETFL)) {
    ::fcntl(fd_, F_SETFL, flags_ | O_NONBLOCK);
  }
  unblocked(const unblocked&) = delete;
  unblocked& operator=(const unblocked&) = delete;
  ~unblocked() { ::fcntl(fd_, F_SETFL, flags_); }

private:
  int fd_;
  int flags_;
};

class relay_program {
public:
  explicit relay_program(const relay_config& config)
      : finder_(config.clearance_sockets, config.clearance_sockets.empty()
                                              ? config.runtime_directory
                                              : std::string{}),
        stop_(stop_signals()),
        mux_(STDIN_FILENO, STDOUT_FILENO,
             {{}, [this](const std::string& hub) { return connect(hub); }}) {
    // nop
  }

  int run();

private:
  void look();
  std::variant<descriptor, std::string> connect(const std::string& hub) const;

  hub_finder finder_;
  descriptor stop_;
  relay_mux mux_;
  std::map<std::string, socket_identity> hubs_; // announced
  bool has_announced_ = false;
};

void relay_program::look() {
  std::map<std::string, socket_identity> found;
  for (const auto& path : finder_.look()) {
    const auto absolute = absolute_socket_path(path);
    struct stat x {};
    if (absolute.starts_with('/')
        && absolute.size() <= protocol::client_limits::relayed_path_max_bytes
        && ::stat(path.c_str(), &x) == 0
        && found.size() < protocol::client_limits::followed_hubs_max)
      found.emplace(absolute, socket_identity{x});
  }
  // Also for a socket that was replaced: the client then connects at once.
  if (has_announced_ && found == hubs_)
    return;
  has_announced_ = true;
  hubs_ = std::move(found);
  std::vector<std::string> paths;
  paths.reserve(hubs_.size());
  for (const auto& [path, identity] : hubs_)
    paths.push_back(path);
  mux_.announce(std::move(paths));
}

std::variant<descriptor, std::string>
relay_program::connect(const std::string& hub) const {
  if (!hubs_.contains(hub))
    return std::string{"there is no such hub"};
  auto connected = connect_unix(hub, 0ms);
  if (const auto* error = std::get_if<connect_error>(&connected))
    return cannot_connect(hub, *error);
  return std::move(std::get<descriptor>(connected));
}

int relay_program::run() {
  if (!stop_) {
    complain("cannot wait for signals: " + error_text(errno));
    return exit_failed;
  }
  const unblocked in{STDIN_FILENO};
  const unblocked out{STDOUT_FILENO};
  look();
  for (;;) {
    std::vector<pollfd> entries{{stop_.get(), POLLIN, 0},
                                {finder_.fd(), POLLIN, 0}};
    const auto first = entries.size();
    mux_.append(entries);
    const auto timeout =
        finder_.blind() ? std::chrono::milliseconds{relay_look_interval}.count()
                        : -1;
    const auto n =
        ::poll(entries.data(), entries.size(), static_cast<int>(timeout));
    if (n < 0 && errno != EINTR) {
      complain("cannot wait: " + error_text(errno));
      return exit_failed;
    }
    if (n < 0)
      continue;
    if (entries[0].revents != 0)
      return exit_ok;
    if (n == 0 || entries[1].revents != 0)
      look();
    const auto why = mux_.handle(std::span{entries}.subspan(first));
    if (why == relay_mux::closed)
      return exit_ok;
    if (!why.empty()) {
      complain("the client on stdin does not speak the relay's language: "
               + why);
      return exit_failed;
    }
  }
}

} // namespace

int relay(const relay_config& config) {
  return relay_program{config}.run();
}

} // namespace clearance::services
