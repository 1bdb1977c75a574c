#include "services/client/varlink_client.hpp"

#include "protocol/base/limits.hpp"
#include "services/cli/terminal.hpp"

#include <cerrno>
#include <poll.h>
#include <sys/socket.h>

namespace clearance::services {

namespace varlink = protocol::varlink;

varlink_client::varlink_client(descriptor connection)
    : connection_(std::move(connection)) {
  // nop
}

std::variant<varlink::reply, varlink_client::failure>
varlink_client::call(std::string_view method, const parameters& values,
                     time_point deadline) {
  std::string bytes;
  varlink::append_call(bytes, method, values);
  return call(bytes, deadline);
}

std::variant<varlink::reply, varlink_client::failure>
varlink_client::call(std::string_view message, time_point deadline) {
  auto sent = send(message, deadline);
  if (auto* why = std::get_if<failure>(&sent))
    return std::move(*why);
  return next(deadline);
}

std::variant<std::monostate, varlink_client::failure>
varlink_client::send(std::string_view bytes, time_point deadline) {
  while (!bytes.empty()) {
    auto n =
        ::send(connection_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(n));
      continue;
    }
    if (errno == EINTR)
      continue;
    if (errno == EPIPE)
      break; // The hub may have answered before it left.
    if (errno != EAGAIN)
      return failure{"cannot send: " + error_text(errno)};
    if (wait_for(connection_.get(), POLLOUT, deadline) != waited::ready)
      return failure{"does not take the call"};
  }
  return std::monostate{};
}

std::variant<varlink::reply, varlink_client::failure>
varlink_client::next(time_point deadline) {
  std::string buffer(protocol::limits::read_max_bytes, '\0');
  if (taken_ == frames_.size()) {
    frames_ = {};
    taken_ = 0;
  }
  while (frames_.empty()) {
    auto n = ::recv(connection_.get(), buffer.data(), buffer.size(), 0);
    if (n > 0) {
      auto size = static_cast<std::size_t>(n);
      if (!framer_.feed({buffer.data(), size}, frames_))
        return failure{"answered with a message that is too long"};
    } else if (n == 0) {
      return failure{"closed the connection without an answer"};
    } else if (errno == EAGAIN) {
      if (wait_for(connection_.get(), POLLIN, deadline) != waited::ready)
        return failure{"did not answer in time; is it the hub's socket for "
                       "clients?"};
    } else if (errno != EINTR) {
      return failure{"broke the connection: " + error_text(errno)};
    }
  }
  const auto at = taken_++;
  auto parsed = varlink::parse_reply(frames_.at(at), frames_.capacity_at(at));
  if (auto* reply = std::get_if<varlink::reply>(&parsed))
    return std::move(*reply);
  auto why = std::get<varlink::malformed>(parsed).why;
  return failure{"answered with bytes that are no reply: " + std::string{why}};
}

std::string no_clients_text(const std::string& path) {
  return shown(path)
         + " is no hub's socket for clients; name that one, such as "
           "terok-clearance.sock";
}

std::string readers_socket_fault(const std::string& path) {
  const auto name = path.substr(path.rfind('/') + 1);
  if (name != "terok-shield-events.sock" && name != "ingester.sock")
    return {};
  constexpr std::chrono::seconds answer_max{1};
  auto connected = connect_unix(path, {});
  if (std::holds_alternative<connect_error>(connected))
    return {};
  varlink_client asked{std::move(std::get<descriptor>(connected))};
  const auto answer = asked.call("org.varlink.service.GetInfo", {},
                                 std::chrono::steady_clock::now() + answer_max);
  if (std::holds_alternative<varlink::reply>(answer))
    return {};
  return shown(path)
         + " is the socket for readers: it answers no client; name the hub's "
           "other socket, such as terok-clearance.sock";
}

} // namespace clearance::services
