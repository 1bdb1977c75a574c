#include "test/support/doubles/fake_manager.hpp"

#include "test/support/deadline.hpp"

#include <array>
#include <cstddef>
#include <netinet/in.h>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/un.h>
#include <utility>

namespace clearance::test {

namespace {

unique_fd bound(int type, const sockaddr* at, std::size_t size) {
  unique_fd result{::socket(at->sa_family, type | SOCK_CLOEXEC, 0)};
  if (!result || ::bind(result.get(), at, static_cast<socklen_t>(size)) != 0)
    fail_with_errno("bind");
  return result;
}

unique_fd bound_unix(int type, const std::string& name) {
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  if (name.size() >= sizeof(at.sun_path))
    throw std::runtime_error("too long a path: " + name);
  name.copy(at.sun_path, name.size());
  if (name.starts_with('@'))
    at.sun_path[0] = '\0';
  return bound(type, reinterpret_cast<const sockaddr*>(&at),
               offsetof(sockaddr_un, sun_path) + name.size());
}

unique_fd listening(unique_fd socket) {
  if (::listen(socket.get(), 16) != 0)
    fail_with_errno("listen");
  return socket;
}

} // namespace

unique_fd listening_unix(const std::filesystem::path& path) {
  return listening(bound_unix(SOCK_STREAM, path));
}

unique_fd listening_tcp() {
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return listening(
      bound(SOCK_STREAM, reinterpret_cast<const sockaddr*>(&at), sizeof(at)));
}

std::uint16_t port_of(const unique_fd& socket) {
  sockaddr_in at{};
  socklen_t size = sizeof(at);
  if (::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&at), &size) != 0)
    fail_with_errno("getsockname");
  return ntohs(at.sin_port);
}

fake_manager::fake_manager(std::string address)
    : address_(address.empty() ? (dir_ / "notify").string()
                               : std::move(address)),
      socket_(bound_unix(SOCK_DGRAM, address_)) {
  // nop
}

std::string fake_manager::next() {
  deadline{}.await(socket_.get(), POLLIN, "news for the service manager");
  std::array<char, 4096> buffer;
  const auto n = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
  if (n < 0)
    fail_with_errno("recv");
  return {buffer.data(), static_cast<std::size_t>(n)};
}

std::string fake_manager::next_news() {
  for (;;)
    if (auto result = next(); result != "WATCHDOG=1")
      return result;
}

bool fake_manager::has_more() const {
  pollfd entry{socket_.get(), POLLIN, 0};
  return ::poll(&entry, 1, 0) > 0;
}

} // namespace clearance::test
