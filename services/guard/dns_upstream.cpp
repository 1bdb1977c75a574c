#include "services/guard/dns_upstream.hpp"

#include "protocol/guard/wire_reader.hpp"

#include <algorithm>
#include <cerrno>
#include <sys/socket.h>
#include <utility>

namespace clearance::services {

namespace limits = protocol::guard_limits;

void dns_upstream::ask(std::string_view message, const protocol::dns_asker& who,
                       protocol::time_point now) {
  const auto query = relay_.ask(message, who, random_dns_id(), now);
  if (!query)
    return;
  while (!sent_.empty()
         && (sent_.size() >= limits::queries_max
             || now - sent_.front().when >= limits::query_time))
    sent_.pop_front();
  auto fd = connect_udp(server_);
  if (!fd || ::send(fd.get(), query->data(), query->size(), MSG_NOSIGNAL) < 0)
    return;
  sent_.push_back({std::move(fd), protocol::wire_reader(*query).u16(), now});
}

void dns_upstream::append_to(std::vector<pollfd>& to) const {
  for (const auto& x : sent_)
    to.push_back({x.fd.get(), POLLIN, 0});
}

std::optional<protocol::dns_relay::reply>
dns_upstream::take_answer(int fd, protocol::time_point now) {
  const auto query =
      std::find_if(sent_.begin(), sent_.end(),
                   [fd](const auto& x) { return x.fd.get() == fd; });
  if (query == sent_.end())
    return std::nullopt;
  const auto n = ::recv(fd, bytes_.data(), bytes_.size(), MSG_DONTWAIT);
  if (n < 0 && (errno == EAGAIN || errno == EINTR))
    return std::nullopt;
  if (n < 0) { // the server is away, for example
    sent_.erase(query);
    return std::nullopt;
  }
  const std::string_view message(bytes_.data(), static_cast<std::size_t>(n));
  if (protocol::wire_reader(message).u16() != query->id)
    return std::nullopt;
  auto reply = relay_.answer(message, now);
  if (reply)
    sent_.erase(query);
  return reply;
}

} // namespace clearance::services
