/// What a DNS forwarder passes on, and to whom the answers belong. Source: RFC
/// 1035, section 4.1.
#pragma once

#include "protocol/base/time.hpp"

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace clearance::protocol {

/// A message's one question. The views belong to the message.
struct dns_question {
  std::uint16_t id = 0;
  bool answer = false;    ///< the message is an answer
  std::string name;       ///< see take_dns_name(): may be empty
  std::string_view bytes; ///< name, type and class as they stand there
};

/// Reads the header and the question. Nothing: it is no ordinary query or
/// answer (RFC 1035, OPCODE 0) with one question.
std::optional<dns_question> parse_dns_question(std::string_view message);

/// A query for the addresses of `name`, see is_dns_name(): IPv4, or IPv6 with
/// `v6`.
std::string dns_query(std::uint16_t id, std::string_view name, bool v6);

/// Where a query came from.
struct dns_asker {
  std::array<std::uint8_t, 4> address{}; ///< IPv4, in network order
  std::uint16_t port = 0;

  friend bool operator==(const dns_asker&, const dns_asker&) = default;
};

/// Remembers at most guard_limits::queries_max queries, each for
/// guard_limits::query_time. Of more queries the oldest one is forgotten: its
/// answer is then dropped, and the program asks again.
class dns_relay {
public:
  /// What to send to the name server: a query of our own with the question of
  /// `message`, and with another id, `random` or the next one that is free. So
  /// the container cannot know the id under which an answer would be believed,
  /// and nothing else that it wrote reaches the name server. Of its flags those
  /// of RFC 4035 are kept, and that it takes larger answers (EDNS, RFC 6891).
  /// Nothing: `message` is no query.
  std::optional<std::string> ask(std::string_view message, const dns_asker& who,
                                 std::uint16_t random, time_point now);

  struct reply {
    dns_asker to;
    std::string name;    ///< that was asked for; may be empty
    std::string message; ///< with the asker's id
  };

  /// What to send back. Nothing: nobody asked that, or the time is over.
  std::optional<reply> answer(std::string_view message, time_point now);

  std::size_t size() const noexcept { return queries_.size(); }

private:
  void forget_old(time_point now);
  void forget_oldest();

  struct query {
    dns_asker who;
    std::uint16_t id = 0; // the asker's
    std::string question; // in lower case
    time_point when;
  };

  std::map<std::uint16_t, query> queries_; // by the id that the server knows
  std::deque<std::uint16_t> order_;        // the oldest first
};

} // namespace clearance::protocol
