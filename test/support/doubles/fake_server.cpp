#include "test/support/doubles/fake_server.hpp"

#include <cstring>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

namespace clearance::test {

fake_server::fake_server(const std::filesystem::path& path, int backlog)
    : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  if (std::filesystem::create_directories(path.parent_path()))
    ::chmod(path.parent_path().c_str(), 0700);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const auto name = path.string();
  if (name.size() >= sizeof(address.sun_path))
    throw std::runtime_error("path too long: " + name);
  std::memcpy(address.sun_path, name.c_str(), name.size());
  if (::bind(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address))
          != 0
      || ::listen(fd_.get(), backlog) != 0)
    fail_with_errno("listen at " + name);
}

raw_socket fake_server::accept() {
  deadline{}.await(fd_.get(), POLLIN, "a connection");
  unique_fd peer{
      ::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
  if (!peer)
    fail_with_errno("accept");
  return raw_socket{std::move(peer)};
}

bool fake_server::connection_waits() const {
  pollfd entry{fd_.get(), POLLIN, 0};
  return ::poll(&entry, 1, 0) > 0;
}

} // namespace clearance::test
