#include "services/web/web_connection.hpp"

#include <array>
#include <cerrno>
#include <poll.h>
#include <sys/socket.h>

namespace clearance::services {

// A browser that sends more while it waits for an answer is not read from. That
// it went away is noticed nevertheless.
short web_connection::events() const noexcept {
  int result = POLLRDHUP;
  if (is == status::reading && out.empty())
    result |= POLLIN;
  if (!out.empty())
    result |= POLLOUT;
  return static_cast<short>(result);
}

void web_connection::receive() {
  std::array<char, 16 * 1024> buffer{};
  const auto n = ::recv(fd.get(), buffer.data(), buffer.size(), 0);
  if (n > 0)
    in.append(buffer.data(), static_cast<std::size_t>(n));
  else if (n == 0 || (errno != EAGAIN && errno != EINTR))
    is = status::closed;
}

void web_connection::flush() {
  std::size_t sent = 0;
  while (sent < out.size()) {
    const auto n =
        ::send(fd.get(), out.data() + sent, out.size() - sent, MSG_NOSIGNAL);
    if (n >= 0) {
      sent += static_cast<std::size_t>(n);
    } else if (errno == EAGAIN) {
      break;
    } else if (errno != EINTR) {
      is = status::closed;
      return;
    }
  }
  out.erase(0, sent);
  if (out.empty() && is == status::closing)
    is = status::closed;
}

void web_connection::answer(std::string_view bytes) {
  reader = request_reader{};
  call.reset();
  is = status::reading;
  out += bytes;
  flush();
}

void web_connection::finish(std::string_view bytes) {
  is = status::closing;
  out += bytes;
  flush();
}

} // namespace clearance::services
