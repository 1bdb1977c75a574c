#include "services/client/unix_socket.hpp"

#include "actors/io/socket/unix_address.hpp"
#include "services/cli/terminal.hpp"
#include "services/client/socket_owner.hpp"
#include "services/process/paths.hpp"

#include <cerrno>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace clearance::services {

std::variant<descriptor, connect_error>
connect_unix(const std::string& path, std::chrono::milliseconds time_limit) {
  const auto address = io::unix_address::of_path(path);
  if (!address)
    return connect_error{path.size() > socket_path_max_bytes ? ENAMETOOLONG
                                                             : EINVAL};
  bool waits = time_limit.count() > 0;
  descriptor fd{::socket(
      AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | (waits ? 0 : SOCK_NONBLOCK), 0)};
  if (!fd)
    return connect_error{errno};
  if (waits) {
    // For a unix socket this limits connect(), too. Source: unix(7), socket(7).
    timeval limit{};
    limit.tv_sec = time_limit.count() / 1000;
    limit.tv_usec = time_limit.count() % 1000 * 1000;
    if (::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit))
        != 0)
      return connect_error{errno};
  }
  int result = 0;
  do {
    result = ::connect(fd.get(), address->data(), address->size());
  } while (result != 0 && errno == EINTR);
  if (result != 0)
    return connect_error{errno};
  if (waits && ::fcntl(fd.get(), F_SETFL, O_NONBLOCK) != 0)
    return connect_error{errno};
  return fd;
}

std::string cannot_connect(const std::string& path, connect_error error) {
  auto text = "cannot connect to " + shown(path) + ": ";
  switch (error.code) {
  case ENOENT:
  case ECONNREFUSED: // a socket that its hub left behind
    return "no hub runs at " + shown(path);
  case EAGAIN:
    return text
           + "it does not accept connections; the hub hangs, or has all the "
             "connections that it can have: end some of its clients";
  case ENAMETOOLONG:
    return text + "the path is longer than the "
           + std::to_string(socket_path_max_bytes)
           + " bytes that a socket's path may have; set XDG_RUNTIME_DIR to a "
             "shorter directory, or name a shorter path";
  case EACCES:
    return text + error_text(error.code) + "; you are " + user_text(::getuid());
  default:
    return text + error_text(error.code);
  }
}

std::string cannot_connect(const std::string& path, connect_error error,
                           std::string_view option) {
  auto text = cannot_connect(path, error);
  if (error.code == ENOENT || error.code == ECONNREFUSED)
    text += ". If a hub runs, set XDG_RUNTIME_DIR as in the hub's terminal, or "
            "name the hub's socket with "
            + std::string{option}
            + ". If none runs, start one: terok-clearance serve "
              "--inline-verdict";
  return text;
}

waited wait_for(int fd, short events, time_point deadline) {
  using namespace std::chrono;
  for (;;) {
    auto left = ceil<milliseconds>(deadline - steady_clock::now()).count();
    if (left <= 0)
      return waited::deadline;
    pollfd entry{fd, events, 0};
    int n = ::poll(&entry, 1, static_cast<int>(std::min<long>(left, 60'000)));
    if (n > 0)
      return waited::ready;
    if (n < 0 && errno != EINTR)
      return waited::failed;
  }
}

} // namespace clearance::services
