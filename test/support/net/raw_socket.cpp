#include "test/support/net/raw_socket.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <linux/sockios.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <utility>

namespace clearance::test {

raw_socket::raw_socket(const std::filesystem::path& path)
    : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const auto name = path.string();
  if (name.size() >= sizeof(address.sun_path))
    throw std::runtime_error("path too long: " + name);
  std::memcpy(address.sun_path, name.c_str(), name.size());
  // Connects while it still blocks: if the backlog is full, it waits.
  if (::connect(fd_.get(), reinterpret_cast<sockaddr*>(&address),
                sizeof(address))
      != 0)
    fail_with_errno("connect " + name);
  if (::fcntl(fd_.get(), F_SETFL, O_NONBLOCK) != 0)
    fail_with_errno("fcntl");
}

void raw_socket::send(std::string_view bytes) {
  const deadline guard;
  for (;;) {
    bytes.remove_prefix(send_some(bytes));
    if (bytes.empty())
      return;
    guard.await(fd_.get(), POLLOUT, "room to send");
  }
}

std::size_t raw_socket::send_some(std::string_view bytes) {
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    const auto n = ::send(fd_.get(), bytes.data() + sent, bytes.size() - sent,
                          MSG_NOSIGNAL);
    if (n > 0)
      sent += static_cast<std::size_t>(n);
    else if (errno == EAGAIN)
      break;
    else if (errno == EPIPE || errno == ECONNRESET)
      throw peer_closed("the peer has closed the connection");
    else if (errno != EINTR)
      fail_with_errno("send");
  }
  return sent;
}

void raw_socket::send_apart(std::string_view bytes) {
  send(bytes);
  await_taken();
}

int raw_socket::untaken() const {
  int waiting = 0;
  if (::ioctl(fd_.get(), SIOCOUTQ, &waiting) != 0)
    fail_with_errno("SIOCOUTQ");
  return waiting;
}

void raw_socket::await_taken() const {
  const deadline guard;
  // The kernel has no event for this. A peer mostly reads at its next turn.
  for (int turn = 0; untaken() > 0; ++turn) {
    if (turn < 200)
      ::sched_yield();
    else
      guard.pace("the peer reading what was sent");
  }
}

bool raw_socket::read_some(std::string& out) {
  char chunk[64 * 1024];
  const auto n = ::recv(fd_.get(), chunk, sizeof(chunk), 0);
  if (n > 0)
    out.append(chunk, static_cast<std::size_t>(n));
  else if (n == 0 || errno == ECONNRESET)
    return false;
  else if (errno != EAGAIN && errno != EINTR)
    fail_with_errno("recv");
  return true;
}

std::optional<std::string> raw_socket::read_frame() {
  const deadline guard;
  for (;;) {
    const auto end = buffer_.find('\0', scanned_);
    if (end != std::string::npos) {
      auto frame = buffer_.substr(begin_, end - begin_);
      begin_ = scanned_ = end + 1;
      return frame;
    }
    buffer_.erase(0, std::exchange(begin_, 0));
    scanned_ = buffer_.size();
    guard.await(fd_.get(), POLLIN, "a reply");
    if (!read_some(buffer_)) {
      if (!buffer_.empty())
        throw std::runtime_error("the stream ended inside of a message: "
                                 + buffer_);
      return std::nullopt;
    }
  }
}

std::string raw_socket::read_to_end() {
  const deadline guard;
  auto result = std::exchange(buffer_, {}).substr(std::exchange(begin_, 0));
  scanned_ = 0;
  do
    guard.await(fd_.get(), POLLIN, "the end of the stream");
  while (read_some(result));
  return result;
}

bool raw_socket::readable() const {
  pollfd entry{fd_.get(), POLLIN, 0};
  return buffer_.size() > begin_ || ::poll(&entry, 1, 0) > 0;
}

void raw_socket::half_close() {
  if (::shutdown(fd_.get(), SHUT_WR) != 0)
    fail_with_errno("shutdown");
}

bool accepts(const std::filesystem::path& path) try {
  raw_socket probe{path};
  return true;
} catch (const std::system_error& e) {
  if (e.code().value() != ENOENT && e.code().value() != ECONNREFUSED)
    throw;
  return false;
}

} // namespace clearance::test
