/// A program in a container that looks names up over TCP: what it asks goes to
/// the name server over TCP, too, query by query.
#pragma once

#include "protocol/guard/dns_relay.hpp"
#include "services/guard/name_server.hpp"

#include <cstdint>
#include <functional>
#include <poll.h>
#include <string>

namespace clearance::services {

class dns_stream_client {
public:
  /// `client`: the program's connection; it does not block.
  dns_stream_client(io::unique_fd client, const name_server& server,
                    protocol::time_point now);

  /// What it waits for.
  pollfd entry() const noexcept;

  /// When it has waited too long.
  protocol::time_point deadline() const noexcept { return deadline_; }

  using answer_handler = std::function<void(const protocol::dns_relay::reply&)>;

  /// Goes on as far as possible, after entry() became ready. Calls `on_answer`
  /// before an answer goes back. False: the connection is over.
  bool go_on(const answer_handler& on_answer, protocol::time_point now);

private:
  enum class step : std::uint8_t {
    read_query,
    send_query,
    read_answer,
    send_answer,
  };
  enum class outcome : std::uint8_t { done, wait, over };

  outcome run_step(const answer_handler& on_answer, protocol::time_point now);
  outcome read_query(protocol::time_point now);
  outcome read_answer(const answer_handler& on_answer,
                      protocol::time_point now);
  outcome send(int fd);

  name_server where_;
  io::unique_fd client_;
  io::unique_fd server_;
  protocol::dns_relay relay_;
  step step_ = step::read_query;
  std::string from_client_;
  std::string from_server_;
  std::string to_send_;
  protocol::time_point deadline_;
};

} // namespace clearance::services
