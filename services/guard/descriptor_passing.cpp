#include "services/guard/descriptor_passing.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <sys/socket.h>

namespace clearance::services {

namespace {

constexpr std::size_t message_max_bytes = 4096;

struct control_buffer {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> bytes{};
};

} // namespace

bool send_with_descriptor(int socket, std::string_view text, int fd) {
  text = text.substr(0, message_max_bytes);
  iovec part{const_cast<char*>(text.data()), text.size()};
  control_buffer control;
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (fd >= 0) {
    message.msg_control = control.bytes.data();
    message.msg_controllen = control.bytes.size();
    auto* head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof fd);
    std::memcpy(CMSG_DATA(head), &fd, sizeof fd);
  }
  ssize_t n = 0;
  do {
    n = ::sendmsg(socket, &message, MSG_NOSIGNAL);
  } while (n < 0 && errno == EINTR);
  return n == static_cast<ssize_t>(text.size());
}

passed_message receive_with_descriptor(int socket) {
  std::array<char, message_max_bytes> bytes{};
  iovec part{bytes.data(), bytes.size()};
  control_buffer control;
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes.data();
  message.msg_controllen = control.bytes.size();
  ssize_t n = 0;
  do {
    n = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  } while (n < 0 && errno == EINTR);
  passed_message result;
  if (n <= 0)
    return result;
  result.text.assign(bytes.data(), static_cast<std::size_t>(n));
  const auto* head = CMSG_FIRSTHDR(&message);
  if (head != nullptr && head->cmsg_type == SCM_RIGHTS
      && head->cmsg_len == CMSG_LEN(sizeof(int))) {
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(head), sizeof fd);
    result.fd.reset(fd);
  }
  return result;
}

void close_all_but(int one, int other) {
  int next = STDERR_FILENO + 1;
  for (const int kept : {std::min(one, other), std::max(one, other)}) {
    if (kept > next)
      ::close_range(static_cast<unsigned>(next),
                    static_cast<unsigned>(kept - 1), 0);
    next = std::max(next, kept + 1);
  }
  ::close_range(static_cast<unsigned>(next), ~0U, 0);
}

} // namespace clearance::services
