#include "test/services/client/listener.hpp"

#include <cstring>
#include <filesystem>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace clearance::test {

listener::listener(const std::filesystem::path& path, int backlog)
    : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  // A client that waits for the socket must not find it before it listens.
  const auto hidden = path.parent_path() / ".s";
  std::strncpy(address.sun_path, hidden.c_str(), sizeof(address.sun_path) - 1);
  if (!fd_
      || ::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address),
                sizeof(address))
             != 0
      || ::listen(fd_.get(), backlog) != 0)
    fail_with_errno("cannot listen at " + path.string());
  std::filesystem::rename(hidden, path);
}

raw_socket listener::accept() const {
  int fd = ::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (fd < 0)
    fail_with_errno("nobody to accept");
  return raw_socket{unique_fd{fd}};
}

raw_socket listener::await_connection() const {
  deadline{}.await(fd_.get(), POLLIN, "a connection");
  return accept();
}

bool listener::empty() const {
  pollfd entry{fd_.get(), POLLIN, 0};
  return ::poll(&entry, 1, 0) == 0;
}

} // namespace clearance::test
