#include "services/guard/dns_stream_client.hpp"

#include "protocol/guard/dns_frame.hpp"
#include "protocol/guard/limits.hpp"

#include <array>
#include <cerrno>
#include <sys/socket.h>
#include <utility>

namespace clearance::services {

namespace {

namespace limits = protocol::guard_limits;
using protocol::dns_frame;

constexpr std::size_t stream_message_max_bytes = 0xffff; // RFC 1035

// Appends what can be read. 0: the other end has closed the connection; -1: see
// errno.
ssize_t read_more(int fd, std::string& to) {
  std::array<char, limits::dns_message_max_bytes> bytes{};
  const auto n = ::recv(fd, bytes.data(), bytes.size(), MSG_DONTWAIT);
  if (n > 0)
    to.append(bytes.data(), static_cast<std::size_t>(n));
  return n;
}

bool may_come_later() {
  return errno == EAGAIN || errno == EINTR;
}

} // namespace

dns_stream_client::dns_stream_client(io::unique_fd client,
                                     const name_server& server,
                                     protocol::time_point now)
    : where_(server),
      client_(std::move(client)),
      deadline_(now + limits::query_time) {
  // nop
}

pollfd dns_stream_client::entry() const noexcept {
  switch (step_) {
  case step::read_query:
    return {client_.get(), POLLIN, 0};
  case step::send_query:
    return {server_.get(), POLLOUT, 0};
  case step::read_answer:
    return {server_.get(), POLLIN, 0};
  case step::send_answer:
    break;
  }
  return {client_.get(), POLLOUT, 0};
}

bool dns_stream_client::go_on(const answer_handler& on_answer,
                              protocol::time_point now) {
  for (;;)
    switch (run_step(on_answer, now)) {
    case outcome::done:
      deadline_ = now + limits::query_time;
      break;
    case outcome::wait:
      return true;
    case outcome::over:
      return false;
    }
}

dns_stream_client::outcome
dns_stream_client::run_step(const answer_handler& on_answer,
                            protocol::time_point now) {
  auto result = outcome::over;
  auto next = step::read_query;
  switch (step_) {
  case step::read_query:
    result = read_query(now);
    next = step::send_query;
    break;
  case step::send_query:
    result = send(server_.get());
    next = step::read_answer;
    break;
  case step::read_answer:
    result = read_answer(on_answer, now);
    next = step::send_answer;
    break;
  case step::send_answer:
    result = send(client_.get());
    break;
  }
  if (result == outcome::done)
    step_ = next;
  return result;
}

// A program may send the next query before it has the answer to the last one.
dns_stream_client::outcome
dns_stream_client::read_query(protocol::time_point now) {
  auto frame =
      protocol::first_dns_frame(from_client_, limits::dns_message_max_bytes);
  if (frame.what == dns_frame::kind::need_more) {
    const auto n = read_more(client_.get(), from_client_);
    if (n <= 0)
      return n < 0 && may_come_later() ? outcome::wait : outcome::over;
    frame =
        protocol::first_dns_frame(from_client_, limits::dns_message_max_bytes);
  }
  if (frame.what == dns_frame::kind::need_more)
    return outcome::wait;
  if (frame.what == dns_frame::kind::malformed)
    return outcome::over;
  const auto query = relay_.ask(frame.message, {}, random_dns_id(), now);
  from_client_.erase(0, frame.bytes);
  server_ = query ? connect_tcp(where_) : io::unique_fd{};
  if (!server_)
    return outcome::over;
  to_send_ = protocol::dns_frame_of(*query);
  return outcome::done;
}

dns_stream_client::outcome
dns_stream_client::read_answer(const answer_handler& on_answer,
                               protocol::time_point now) {
  const auto n = read_more(server_.get(), from_server_);
  if (n <= 0)
    return n < 0 && may_come_later() ? outcome::wait : outcome::over;
  const auto frame =
      protocol::first_dns_frame(from_server_, stream_message_max_bytes);
  if (frame.what == dns_frame::kind::need_more)
    return outcome::wait;
  if (frame.what == dns_frame::kind::malformed)
    return outcome::over;
  const auto reply = relay_.answer(frame.message, now);
  from_server_.clear();
  server_.reset();
  if (!reply)
    return outcome::over;
  on_answer(*reply);
  to_send_ = protocol::dns_frame_of(reply->message);
  return outcome::done;
}

dns_stream_client::outcome dns_stream_client::send(int fd) {
  while (!to_send_.empty()) {
    const auto n = ::send(fd, to_send_.data(), to_send_.size(),
                          MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0)
      return may_come_later() ? outcome::wait : outcome::over;
    to_send_.erase(0, static_cast<std::size_t>(n));
  }
  return outcome::done;
}

} // namespace clearance::services
