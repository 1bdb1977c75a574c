/// Queries to a name server over UDP, each from a port of its own: whoever
/// wants to forge an answer must guess the port and the id. Source: RFC 5452.
#pragma once

#include "protocol/guard/dns_relay.hpp"
#include "protocol/guard/limits.hpp"
#include "services/guard/name_server.hpp"

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <poll.h>
#include <string_view>
#include <vector>

namespace clearance::services {

class dns_upstream {
public:
  explicit dns_upstream(const name_server& server) : server_(server) {
    // nop
  }

  /// Sends the query `message`, see dns_relay::ask(). If that fails, whoever
  /// asked gets no answer, and asks again.
  void ask(std::string_view message, const protocol::dns_asker& who,
           protocol::time_point now);

  /// Adds the sockets at which answers may come.
  void append_to(std::vector<pollfd>& to) const;

  /// Reads from one of these sockets. Nothing: what came is no answer to the
  /// query that was sent from there.
  std::optional<protocol::dns_relay::reply>
  take_answer(int fd, protocol::time_point now);

private:
  struct sent_query {
    io::unique_fd fd;
    std::uint16_t id = 0;
    protocol::time_point when;
  };

  name_server server_;
  protocol::dns_relay relay_;
  std::deque<sent_query> sent_; // the oldest first, as in the relay
  std::array<char, protocol::guard_limits::dns_message_max_bytes> bytes_{};
};

} // namespace clearance::services
